// Package realtimefx is CivicPress Realtime as a plugin: several people edit
// the Markdown of one record at the same time, over Yjs.
package realtimefx
