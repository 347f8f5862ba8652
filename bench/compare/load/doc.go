// Package load is the load generator of bench/compare: WebSocket clients that
// speak y-protocols, writers that type real Yjs updates, and the accounts of
// which update has reached whom, and when.
//
// What has arrived is told by decoding: a receiver reads the struct ranges of
// each update that it gets, so that a server may merge and split updates as it
// likes, and a clock that never came is missing. Only the delivery to other
// clients counts; what a server echoes to the writer is ignored.
//
// A [Client] has one goroutine, which reads; it ends when the socket does, and
// [Client.Close] waits for it. Everything else blocks its caller only.
package load
