// Package hooks carries what happens in the realtime plugin to the core's hook
// bus: the names of the events, their typed payloads, and the queue between
// the plugin and the bus.
//
// # Guarantees
//
//   - Blocking: [Emitter.Emit] never blocks and does no I/O; room loops may
//     call it. It copies one Event into a bounded queue.
//   - Order: events reach the bus one at a time in the order in which Emit was
//     called. The one exception is a subscriber that overstays
//     [Options.Timeout]: the queue goes on without it, so its work may overlap
//     the next events.
//   - Loss: a full queue drops the newest event and counts it. Hooks inform;
//     nothing that must not be lost depends on them. A crash loses what is in
//     the queue.
//   - Harm: a bus that panics, fails, hangs or is missing costs no caller
//     anything. Each case is counted in [Stats] and logged, at most once a
//     second.
//   - Goroutines: Start begins one forwarder; each call of the bus runs in a
//     goroutine of its own so that it can be given up. Stop forwards what is
//     queued and waits for all of them, within its context.
package hooks
