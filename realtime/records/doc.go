// Package records is the room type of CivicPress records: a room
// "records:<id>" holds the document that grew from the record's Markdown, and
// what is written in it goes back to the record's draft.
//
// # Guarantees
//
//   - A room starts from the draft if there is one, else from the published
//     text, and from the same bytes always with the same structs.
//   - No edit, no diff: a document that nobody edited renders to the bytes it
//     came from, and then no draft is created or touched.
//   - Write-back is compare-and-swap. Before each one the text that is there
//     is compared with the text that we last wrote or read. If somebody else
//     has changed it (the core's API, git pull, an editor), the change is
//     merged into the document by block and is never overwritten.
//   - A published draft is gone and stays gone until somebody edits again.
//   - Before it changes a draft, a write-back has the text it is about to
//     write announced durably. After a crash between the two the draft is
//     recognised as our own.
//   - A new draft takes over every field of the record.
//
// The handler has no goroutines and no state of its own: what it must
// remember of a room travels in store.Meta.Aux.
package records
