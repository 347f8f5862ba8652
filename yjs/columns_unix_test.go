//go:build linux || darwin

package yjs

import (
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// TestStringsAreReadFrontToBack reads the strings of a column whose end lies on
// memory that cannot be read. Whoever looks at what comes behind a string, if only
// to count it, makes reading n strings take n² steps, and faults here.
func TestStringsAreReadFrontToBack(t *testing.T) {
	page := os.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	for _, sample := range []string{"abcdefghijklmnopqrstuvwxyz012345", "é", "東京", "a😀é", "😀"} {
		text := strings.Repeat(sample, (page-8)/len(sample))
		from := page - len(text) // the text ends where the page does
		copy(mem[from:], text)
		if err := syscall.Mprotect(mem[page:], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
		column := uintColumn{}
		var want []string
		units, inText := 0, []rune(text)
		for n := 1; len(inText) > 0; n = n%9 + 1 {
			s := string(inText[:min(n, len(inText))])
			inText = inText[len([]rune(s)):]
			want = append(want, s)
			u := lib0.UTF16Len([]byte(s))
			column.write(uint64(u))
			units += u
		}
		column.flush()
		r := stringReader{text: mem[from:], left: units + page, lens: uintReader{dec: lib0.NewDecoder(column.buf)}}
		func() {
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
			defer func() {
				if e := recover(); e != nil {
					t.Errorf("%q…: %v", sample, e)
				}
			}()
			for i, s := range want {
				if got, err := r.read(); err != nil || string(got) != s {
					t.Fatalf("%q…: string %d is %q, %v; want %q", sample, i, got, err, s)
				}
			}
		}()
		if err := syscall.Mprotect(mem[page:], syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
			t.Fatal(err)
		}
	}
}
