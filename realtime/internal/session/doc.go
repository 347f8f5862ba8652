// Package session is one socket: the upgrade, the reader with its checks, the
// writer, and the end. It is the only importer of coder/websocket.
//
// # Guarantees
//
//   - Reading: one goroutine at a time. On Linux it ends when there is nothing to
//     read, and Lot watches the socket. Of a client that keeps talking, as when
//     somebody types, it waits for what comes next until Tick finds that nothing
//     came for Config.Linger. Pings and pongs need no reader, and when a crowd
//     goes a few goroutines end all its sessions. On other systems, and for
//     connections that are no sockets, the goroutine stays. An idle connection owns no read buffer; one is borrowed
//     when bytes arrive. Nothing a client sends after the upgrade is lost: until
//     its session serves it, it waits in the kernel.
//   - Writing: goroutines exist only while frames wait. One serves many sockets,
//     with as few system calls as it can, and never waits for a peer: what one
//     does not take at once goes on in a goroutine of its own. Frames come
//     encoded from the room and are shared by all its members. coder/websocket
//     writes only control frames, each in one call; a lock keeps the two apart.
//   - The end: whoever ends a connection shuts it down; the reader sees that,
//     closes it, and calls what Start was given, once.
//   - Checks: each frame is checked against the grant of that moment, here and
//     again when the room applies it. After End no frame counts.
//   - Limits: a flood is read more slowly, then warned, then closed. Pings are
//     counted. Messages have a maximum size.
//   - Blocking: Wake, End, Farewell, Kill and Tick return at once. The
//     farewell to a peer that does not answer takes ten seconds at most, in a
//     goroutine that Config.Tasks counts.
//   - Contexts: reads and writes pass context.Background(); deadlines are set
//     on the raw connection, because a context that can end costs four to
//     eleven allocations a message. A read deadline only ends the wait between
//     messages.
package session
