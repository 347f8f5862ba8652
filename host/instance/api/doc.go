// Package api is the small part of the CivicPress REST that closes the circle
// from login to archive, over host/instance: signing in and out, reading
// records, saving and publishing drafts, and health. Paths, bodies and errors
// are those of the Node core, so that its clients notice no difference.
//
// Handlers hold no state but the login throttle. Each reads the session, the
// role and the record anew; nothing is cached. Plugins add their own handlers
// with Mount and check rights themselves.
//
// No goroutine is started. A handler returns when its request's context ends,
// except that a publish that has begun to write is carried through.
package api
