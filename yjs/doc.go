// Package yjs is a document engine for Yjs 13.6 documents: it holds a
// document, applies updates of others, writes updates of its own and tells
// observers what changed. For any sequence of updates it holds what Yjs holds,
// and what it encodes is what Yjs encodes, byte for byte. README.md tells how
// that is shown.
//
// # Use
//
// A Doc takes updates with ApplyUpdate and gives its state, or what another
// one lacks of it, with EncodeStateAsUpdate. Its content hangs below root types
// (XMLFragment, Text, Map, Array). Reads may be made at any time; writes take
// the Transaction they belong to:
//
//	err := doc.Transact("origin", func(tx *yjs.Transaction) error {
//		return doc.Text("title").Insert(tx, 0, "Bylaw 12", nil)
//	})
//
// Updates can also be merged, compared and converted without a Doc, see
// MergeUpdates, DiffUpdate and ConvertV1ToV2.
//
// # Concurrency
//
// A Doc, with everything that comes from it, belongs to one goroutine at a
// time, for reads too. There are no locks, no goroutines and no global state:
// different documents do not know of each other. Callbacks run on the
// goroutine that ends the transaction, before Transact or ApplyUpdate returns.
// A callback may read, and it may begin transactions; these end after the one
// that it was told of, in order.
//
// # All or nothing
//
// An update is read to its end and checked before the document is touched.
// A refused one (ErrMalformed, ErrLimit) leaves the document exactly as it
// was, and integrating one that has passed cannot fail. What an update builds
// on may be missing: that part waits inside of the document, is part of what
// EncodeStateAsUpdate returns, and is integrated when the rest has come.
//
// # Ownership
//
// Update bytes passed in are not kept and not written to. Update bytes passed
// to callbacks and returned are never written to again; whoever gets them may
// keep them, and must not change them if others may have them too. A Node is
// good for as long as the document: once deleted it is empty, refuses writes
// with ErrDetached, and never comes back. A Transaction and an Event are good
// within the callback that gets them.
//
// # Cost
//
// Applying a small update costs about a microsecond, whatever the size of the
// document; one that continues a run of text allocates nothing. Structs are
// found by binary search among the structs of their client. Encoding the state
// goes through all structs and allocates the result once. A local write by
// position starts from the nearest of a few markers. Text is kept as UTF-8,
// each run with its length in UTF-16 units; positions are UTF-16 units
// everywhere, and in plain ASCII finding one costs nothing.
//
// The work of one update is near linear in its bytes, also if it was made to
// be slow. Conflict scans come on top: where hundreds of clients have written at
// one place, each further item there passes them, as in Yjs, until the scans of
// the update have passed 16 times as many items as the document has; from then on
// an item finds its place by search. The memory an update takes is at most 64
// times its size plus 1 MB; in format V2, where a struct can be one byte, 160
// times plus 1 MB.
// Nothing recurses into content. Limits bound the rest.
//
// # What a document does not do
//
// It does not undo (that is for editors), and by default it does not delete
// marks that remote changes have made redundant: Options.CleanFormatting.
// A text that is cut between the halves of a surrogate pair gets U+FFFD for
// both, as in Yjs; documents that learn of the cut at different moments need
// not converge, as in Yjs. Clocks of one client are 32 bits wide inside of a
// document: what lies beyond 2^32-1 waits forever.
//
// # Inside
//
// Everything works on update format V1: a blockReader reads an update struct
// by struct, appendBlock writes a struct. Format V2 holds the same structs in
// another arrangement of bytes and is read and written by way of blocks; what
// V2 can hold and V1 cannot (values in embeds and marks that JSON does not
// have) is kept as raw values, see block.data. Of a document's structs (item),
// those of one client lie in order in a client, and those of one type (branch)
// in a linked list.
package yjs
