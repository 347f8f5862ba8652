// Package realtime is the server: it accepts sockets, admits them to rooms,
// keeps their rights up to date, answers the plugin's HTTP endpoints, and says
// how it is.
//
// # Guarantees
//
//   - Admission fails closed: without a valid session and the right to view,
//     nobody is in a room. A service that does not answer is not a refusal: the
//     client is told to come back (1013).
//   - Rights are read again when the core says that something changed, when a
//     session expires, and every minute. A revocation ends the sockets of a
//     user before Revoke returns: no later frame of theirs is applied.
//   - Stop order: not ready, no new sockets, nothing more is read; every room
//     is saved and written back; sockets are closed with 1012; rooms close. It
//     keeps within the context it is given.
//   - Goroutines: Start begins the listener and one ticker; a socket has a
//     reader while its client sends something, and a writer while something waits
//     for it. Stop waits for all.
//   - Tokens and document text are never logged.
package realtime
