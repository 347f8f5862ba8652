package main

import "modernc.org/libc"

const (
	// sqliteRegion is the unit in which SQLite's allocator asks the system for
	// memory, and sqliteHot how much of it that is free it keeps ready.
	sqliteRegion = 64 << 10
	sqliteHot    = 4 << 20
)

// letGoOfSQLite gives back the memory that SQLite has freed. Its allocator
// (modernc.org/memory) keeps the last 4 MB that became free as they are, for
// ever, and has no door to ask it for less. But of what is free it keeps what was freed
// last, and gives the pages of the rest back. So this takes as much as it keeps
// and as much again, which nobody has touched, and frees the untouched last. It
// takes about a tenth of a millisecond.
func letGoOfSQLite() {
	tls := libc.NewTLS()
	defer tls.Close()
	var held [2 * sqliteHot / sqliteRegion]uintptr
	for i := range held {
		held[i] = libc.Xmalloc(tls, sqliteRegion/2) // more than half a slab: a region of its own
	}
	for _, p := range held {
		libc.Xfree(tls, p)
	}
}
