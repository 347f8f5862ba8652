// Package sqlite keeps rooms in SQLite, beside a CivicPress core that has the
// same database open, in this process or another.
//
// # Where things are
//
//   - In the core's database: realtime_states holds the two newest states of
//     each room with their meta, compressed and hashed. It is what we load.
//     realtime_snapshots is CivicPress's own table, with its columns and its
//     meaning (V1 full state, plain, hex SHA-256, format version 1, the three
//     highest versions): each snapshot is written there as well, in the same
//     transaction, so that the Node server can start from our data. Seeds are
//     not: of a record that nobody edited there is no snapshot.
//   - In a folder beside it (realtime-journal): the journal, in plain files
//     (package seglog), so that its commits never make the core wait and cost
//     one write and one fsync. Every entry carries a CRC-32C.
//   - What is damaged is moved to realtime_damaged, or to the folder damaged of
//     the journal.
//
// # Guarantees
//
// The database is written in WAL mode with synchronous=FULL, the journal is
// fsynced: a call that returned nil survives power loss. A snapshot is committed to the core's
// database first; then the journal is trimmed, only up to the snapshot before
// it. A crash between the two leaves entries that Load skips by their numbers.
// So one flipped bit in the newest state loses nothing.
//
// A locked database (SQLITE_BUSY after the busy timeout), a full disk and I/O
// errors are returned as they are: nothing was written, and the call can be
// repeated. Calls may block; writers of the database queue inside the process,
// so that only other processes can make it busy. The journal is locked against
// other processes while it is open.
package sqlite
