// Package store makes edits durable: the port that storage backends implement,
// the journal that commits the updates of all rooms in groups, and the keeper
// that turns documents into snapshots and hands them to their room type for
// write-back.
//
// # Guarantees
//
//   - Order: entries of one room become durable in the order of their
//     sequence numbers. "Durable through N" is announced only after an fsync
//     that covers every entry up to N.
//   - Blocking: Log.Append and Watch.Edited never block and do no I/O; room
//     loops may call them. Everything else may block.
//   - Crash: what was announced durable survives kill -9 and power loss. An
//     entry not yet announced is present whole or absent.
//   - Progress is a sequence number, never a flag: what arrives while a
//     snapshot is being saved stays in the journal behind it.
package store
