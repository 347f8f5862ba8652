package main

import (
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
)

// What SQLite has freed does not stay resident.
func TestLettingGoOfSQLite(t *testing.T) {
	t.Run("pages", func(t *testing.T) { letGoOf(t, 8<<10) })   // of a database, with what SQLite knows of each
	t.Run("caches", func(t *testing.T) { letGoOf(t, 90<<10) }) // the first of each connection
}

func letGoOf(t *testing.T, size int) {
	tls := libc.NewTLS()
	defer tls.Close()
	blocks := make([]uintptr, 2<<20/size)
	for i := range blocks {
		blocks[i] = libc.Xmalloc(tls, libc.Tsize_t(size))
		libc.Xmemset(tls, blocks[i], 1, libc.Tsize_t(size))
	}
	for _, p := range blocks {
		libc.Xfree(tls, p)
	}
	before := resident(t, blocks, size)
	if before < 1<<20 {
		t.Fatalf("the allocator keeps only %d bytes: letGoOfSQLite may not be needed any more", before)
	}
	letGoOfSQLite()
	if after := resident(t, blocks, size); after > before/16 {
		t.Errorf("%d bytes are resident, %d were", after, before)
	}
	for i := range blocks { // it can be used as before
		if blocks[i] = libc.Xmalloc(tls, libc.Tsize_t(size)); blocks[i] == 0 {
			t.Fatal("nothing more is to be had")
		}
		libc.Xmemset(tls, blocks[i], 2, libc.Tsize_t(size))
	}
	for _, p := range blocks {
		libc.Xfree(tls, p)
	}
}

// resident counts the bytes of pages in memory that the blocks lie in.
func resident(t *testing.T, blocks []uintptr, size int) (n int) {
	t.Helper()
	page := uintptr(os.Getpagesize())
	for _, p := range blocks {
		from := p &^ (page - 1)
		pages := (p + uintptr(size) - from + page - 1) / page
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
