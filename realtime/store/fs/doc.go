// Package fs keeps rooms in plain files, for hosts without a database. One
// process at a time may have the folder open.
//
//	<dir>/lock                          held while the store is open
//	<dir>/snapshots/<room>/<v>-<seq>.state   the two newest states of a room
//	<dir>/snapshots/<room>/<v>-<seq>.meta    the meta that belongs to each
//	<dir>/journal/<n>.log               segments of the journal, for all rooms
//	<dir>/damaged/                      what could not be used, never deleted
//
// Room names are escaped, so that they are safe and distinct on every file
// system.
//
// # Guarantees
//
// A state or meta is written to a temporary file, fsynced, renamed, and its
// folder fsynced. A journal commit is one write and one fsync for all rooms.
// Every file and every journal record carries a checksum.
//
// After a failed write or fsync the segment is closed at its last good byte
// and never written again: what the kernel says about a file after a failed
// fsync cannot be trusted. The next attempt starts a new segment.
//
// A journal segment is removed when snapshots cover all of it; entries that
// keep an old segment alive are copied to the newest.
//
// All file operations go through the OS port and have names, so that tests can
// make exactly one of them fail, and can stop the world after each.
package fs
