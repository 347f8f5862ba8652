// Package protocol reads and writes the frames of y-protocols: sync step 1,
// sync step 2, updates, awareness, auth and the query for awareness. This is
// what stock y-websocket clients speak on a binary WebSocket.
//
// Everything is a pure function on bytes: no I/O, no state, no goroutines, safe
// for concurrent use.
//
// Guarantees:
//
//   - Decode never panics, never allocates and looks at no byte twice. The
//     Payload of a Message is a part of the frame it came from: copy it before
//     the frame's buffer is used again.
//   - Decode checks the frame only. The payload (an update, a state vector, an
//     awareness update) is checked by who applies it.
//   - Like y-protocols, Decode ignores bytes behind the message.
//   - The Append functions write exactly the bytes y-protocols writes and
//     allocate only when dst is too small; AppendedSize tells how much room a
//     payload needs.
package protocol
