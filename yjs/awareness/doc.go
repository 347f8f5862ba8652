// Package awareness keeps the presence states of a document (who is here, where
// the cursors are) and reads and writes their updates, with the rules of
// y-protocols: every client owns one JSON state with a clock of its own, a newer
// clock wins, null means gone, and who is not heard of for 30 seconds is gone.
//
// Guarantees:
//
//   - An Awareness belongs to one owner at a time: it has no locks, starts no
//     goroutines or timers, and reads no clock; every act that needs the time is
//     given it.
//   - States are raw JSON: checked to be valid, never decoded and encoded again.
//   - DecodeUpdate never panics and its work and memory are linear in its input;
//     limits (see Limits) bound what one update may hold and what an Awareness
//     keeps. The entries share the memory of the input; an Awareness copies what
//     it keeps.
//   - Apply is all or nothing: a bad update changes nothing.
//   - Presence is not durable. Who restarts begins with an empty Awareness, and
//     the clients' next renewal (15 seconds at most) fills it.
//
// Where the rules of y-protocols look odd (a client that returns after it was
// removed counts as updated, not added; clock 0 of an unknown client is ignored)
// they are kept, because the other side counts with them.
package awareness
