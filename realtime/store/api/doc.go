// Package api keeps snapshots on another server over HTTP, with
// GET, POST and DELETE /api/v1/records/:id/collab-snapshot, and serves these
// for others.
//
// The journal cannot wait for a network: it, and a copy of every snapshot, are
// in a local store. So what the local store promises holds, and the other
// server may be away for as long as it likes: SaveSnapshot then fails after
// its retries, although the state is safe here, so that health shows it and
// the keeper tries again.
//
// A room that is not here is fetched from there; if there is no answer, Load
// fails, because an empty document must not stand in for one that is merely
// out of reach. Rooms of other types than "records" are kept locally only.
//
// The body is one JSON object, see message. Every request carries a service
// token; transient failures (no connection, 429, 5xx) are retried with
// exponential backoff and full jitter.
package api
