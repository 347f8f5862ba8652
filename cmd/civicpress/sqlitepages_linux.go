package main

import (
	"sync"
	_ "unsafe" // for the names of another package

	_ "modernc.org/libc" // whose names they are
	"modernc.org/memory"
)

// SQLite's allocator keeps what was freed, for ever: of each size of region, of
// which a connection needs several, 4 MB as they are. It can be trimmed, but
// package libc shows it to nobody. Should it get another name there, this trims
// one of our own that is empty, and the test says so.

//go:linkname sqliteMemory modernc.org/libc.allocator
var sqliteMemory memory.Allocator

//go:linkname sqliteMemoryMu modernc.org/libc.allocatorMu
var sqliteMemoryMu sync.Mutex // guards sqliteMemory

// letGoOfSQLite gives back the memory that SQLite has freed, but for pages of which
// a part is used.
func letGoOfSQLite() {
	sqliteMemoryMu.Lock()
	defer sqliteMemoryMu.Unlock()
	_ = sqliteMemory.Trim() // what cannot be given back stays
}
