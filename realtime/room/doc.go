// Package room holds live documents: one loop per room is the sole owner of
// its document, applies updates in the order of arrival, and fans them out.
//
// # Guarantees
//
//   - The loop does no I/O and waits for nobody: journal appends, member
//     queues and hooks never block it.
//   - Updates reach every member in the order in which they were applied. One
//     turn merges what arrived together and encodes it once; the bytes are
//     shared by all members and must not be changed.
//   - A member that does not drain its queue holds a bounded number of bytes;
//     beyond that its queue collapses into one state diff made when it drains.
//   - A room whose document cannot be loaded is closed with an error; it is
//     never opened empty. A fault in one document closes its room and no other;
//     it is loaded again from what is stored.
//   - Saved is told to an author when the journal has fsynced, and never for
//     what still waits for something that is missing.
//   - Rights are looked at when an update is applied, not only when it arrives:
//     what a revoked member has in the inbox is not applied.
//   - New content is taken only under Yjs client ids of the session's user; see
//     authors.go for the one exception, relays after a crash.
//
// # Goroutines
//
// A room's loop exists while there is something to do and two seconds longer;
// an idle room has none. Members' frames are written by goroutines of the
// sockets. The Manager opens and closes rooms in goroutines of its own, which
// Stop waits for. A crash loses what the journal has not committed: what nobody
// was told is saved.
//
// # Locks
//
// An inbox, an outbox and the Manager have a lock each. An outbox's and the
// Manager's are never held while another one is taken; under an inbox's only
// atomics are touched.
package room
