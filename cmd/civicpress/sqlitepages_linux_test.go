package main

import (
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
)

// What SQLite has freed does not stay resident, but for the first page of each
// region, where the allocator has its notes.
func TestLettingGoOfSQLite(t *testing.T) {
	tls := libc.NewTLS()
	defer tls.Close()
	const size = 8 << 10 // as a page of a database with what SQLite knows of it
	var blocks [2 << 20 / size]uintptr
	for i := range blocks {
		blocks[i] = libc.Xmalloc(tls, size)
		libc.Xmemset(tls, blocks[i], 1, size)
	}
	for _, p := range blocks {
		libc.Xfree(tls, p)
	}
	before := resident(t, blocks[:], size)
	if before < 1<<20 {
		t.Fatalf("the allocator keeps only %d bytes: letGoOfSQLite may not be needed any more", before)
	}
	letGoOfSQLite()
	if after := resident(t, blocks[:], size); after > before/4 {
		t.Errorf("%d bytes are resident, %d were", after, before)
	}
	for i := range blocks { // it can be used as before
		if blocks[i] = libc.Xmalloc(tls, size); blocks[i] == 0 {
			t.Fatal("nothing more is to be had")
		}
		libc.Xmemset(tls, blocks[i], 2, size)
	}
	for _, p := range blocks {
		libc.Xfree(tls, p)
	}
}

// resident counts the bytes of pages in memory that the blocks lie in.
func resident(t *testing.T, blocks []uintptr, size uintptr) (n int) {
	t.Helper()
	page := uintptr(os.Getpagesize())
	for _, p := range blocks {
		from := p &^ (page - 1)
		pages := (p + size - from + page - 1) / page
		in := make([]byte, pages)
		if _, _, errno := unix.Syscall(unix.SYS_MINCORE, from, pages*page, uintptr(unsafe.Pointer(&in[0]))); errno != 0 {
			continue // it is not mapped any more
		}
		for _, b := range in {
			n += int(b&1) * int(page)
		}
	}
	return n
}
