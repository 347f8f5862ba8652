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
//     never opened empty.
package room
