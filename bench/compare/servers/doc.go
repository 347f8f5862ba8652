// Package servers starts the servers that bench/compare measures, each a child
// process on loopback with its data in a temporary folder, and reads what the
// kernel counts for it.
//
// A [Server] must be stopped; what was started dies with the bench also if that
// is killed (Linux).
package servers
