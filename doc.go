// Package realtimefx is CivicPress Realtime as a plugin of the core: several
// people edit the Markdown of one record at the same time, over Yjs.
//
// [Module] is the plugin as an fx module; [New] builds the same without fx.
// What the core must offer is in package host; its realtime.yml, read by
// package config, switches the plugin on and tunes it.
//
// # Guarantees
//
//   - Construction does no I/O except reading realtime.yml, and starts
//     nothing. With enabled: false nothing is started either: no port, no
//     file, no goroutine.
//   - Start opens the store, then the journal, then the keeper, then listens.
//     It either succeeds or undoes what it began. The context of Start bounds
//     only the start.
//   - Stop goes the other way: no new sockets, a final write-back of every
//     room, sockets closed with a reason, then journal and store. Within its
//     context it does as much as it can; what was reported saved is safe even
//     when it is cut short.
//   - Everything that runs belongs to [Plugin]; nothing is left when Stop has
//     returned nil.
package realtimefx
