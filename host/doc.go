// Package host is the contract between the realtime plugin and the CivicPress
// core that runs it: every service the plugin needs, as the smallest interface
// that serves, and the error type both sides share.
//
// It is a leaf: it imports nothing of this module. Adapters import it
// (host/memhost for tests, host/instance over a real data directory); the
// plugin never imports an adapter.
//
// # Guarantees expected of an implementation
//
// All methods may be called from any goroutine and may block (they do I/O)
// until their context ends; the plugin never calls them from a room's loop.
// Returned values belong to the caller. A nil error means the answer is
// authoritative. The errors tell three things apart, and implementations must
// not mix them up:
//
//   - [ErrUnauthenticated], [ErrNotFound]: the answer is no;
//   - [ErrConflict]: the answer is no because somebody was faster;
//   - anything else: there is no answer now. The plugin treats it as
//     transient; it never takes a failing backend for a refusal, nor a
//     refusal for a failing backend.
package host
