// Package memhost is a CivicPress core in memory: users, sessions, roles,
// records, drafts, hook bus and health registry with the same answers as
// host/instance, and the same conformance suite (host/hosttest) behind them.
// It is meant for tests of the plugin, and for programs that embed the plugin
// without a CivicPress instance.
//
// All methods may be called from any goroutine. Nothing is kept beyond the
// process. The host starts no goroutine; hook subscribers run on the goroutine
// that changes something (Revoke, SetRole, PutRecord, …) after the change is
// visible.
//
// Failures are injected by a gate in front of every operation that the plugin
// may call, see [Host.Gate] and [Host.Down].
package memhost
