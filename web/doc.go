// Package web carries the browser side of CivicPress Realtime: the demo editor and the live dashboard.
//
// The pages are an npm project beside this file; `npm ci && npm run build` writes them to dist, which is embedded
// here and is not committed. A binary compiled without that build still works: it serves one page that says how to
// build the rest, and [Built] reports false.
//
// Guarantees. Handlers are read-only and safe for concurrent use. They start no goroutines and touch no files: all
// that they serve is in memory, compressed once when the handler is made. Every answer carries a Content-Security-Policy
// that allows nothing from other hosts but the connections named in [Options]. The pages hold no secret: whoever may
// not use the API behind them sees a sign-in form.
package web
