// Package postgres keeps rooms in PostgreSQL, for cores whose database that is.
//
// The tables are those of package sqlite, in one database: realtime_states,
// realtime_journal, realtime_damaged, and CivicPress's realtime_snapshots with
// its columns and meaning. Formats and checksums are the same, and so is what
// becomes of snapshots that the Node server adds: package sqlstore does both.
//
// # Guarantees
//
// Every write is one transaction with synchronous_commit on, whatever the
// server's default: a call that returned nil survives a crash of the server.
// Changes of one room are ordered by an advisory lock, so that several
// processes may use one database. Calls may block; errors of the connection
// are returned as they are, and the call can be repeated.
package postgres
