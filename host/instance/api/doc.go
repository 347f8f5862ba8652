// Package api is the small part of the CivicPress REST that closes the circle
// from login to archive, over host/instance: signing in and out, reading
// records, saving and publishing drafts, and health. Paths, bodies and errors
// are those of the Node core, so that its clients notice no difference.
//
// All paths are below Prefix; the token goes into Authorization: Bearer.
//
//	GET    /health                     the process lives
//	GET    /health/detailed            every part with status and reasons; 503 if one is unhealthy
//	POST   /auth/password              {username, password}: a session of 24 hours
//	POST   /auth/logout                ends this session, its open sockets close
//	GET    /auth/me                    the account and its permissions
//	POST   /users/{id}/set-password    {newPassword}, administrators; ends all sessions of the user
//	GET    /records                    ?type=&limit=&after=: published ones, for editors also new drafts
//	POST   /records                    {title, type, …}: a draft of a new record
//	GET    /records/{id}               the published record; ?edit=true: the draft, for editors
//	PUT    /records/{id}/draft         saves the members that are given
//	DELETE /records/{id}/draft         throws the draft away
//	POST   /records/{id}/publish       {status}: draft to file to Git commit, in the user's name
//
// Without a token the published records can be read as far as the role public
// may view them.
//
// Handlers hold no state but the login throttle. Each reads the session, the
// role and the record anew; nothing is cached. Plugins add their own handlers
// with Mount and check rights themselves.
//
// No goroutine is started. A handler returns when its request's context ends,
// except that a publish that has begun to write is carried through.
package api
