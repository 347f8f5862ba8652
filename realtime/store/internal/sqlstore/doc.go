// Package sqlstore is what the stores in SQL databases have in common: the
// queries, what they mean, and what is done with damage. An adapter brings the
// tables (their columns are the same everywhere), the way to a transaction, and
// the journal.
//
// # Tables
//
//   - realtime_states holds the two newest states of each room with their
//     meta, compressed and hashed. It is what Load reads.
//   - realtime_snapshots is CivicPress's own, with its columns and its meaning:
//     each snapshot is written there as well, in the same transaction, so that
//     the Node server can start from our data. Seeds are not: of a record that
//     nobody edited there is no snapshot.
//   - realtime_damaged holds what could not be used.
//
// The journal may be in the same database, or apart. Apart, a
// snapshot is committed first and the journal trimmed afterwards; a crash
// between the two leaves entries that Load skips by their numbers.
//
// Queries have $1, $2 … for their parameters, which both SQLite and PostgreSQL
// take.
package sqlstore
