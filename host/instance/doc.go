// Package instance is the host over a real CivicPress data directory: its
// SQLite file, its signed session tokens, roles.yml and hooks.yml, its
// Markdown files in Git and its drafts, exactly as the Node core reads and
// writes them, so that the two may run side by side on one directory.
//
// # What is read when
//
// Nothing is cached but the signing key and the parsed roles and hooks files;
// those are read again whenever their size or time stamp changes. A session,
// an account, a record or a draft is read from the database (and the file) at
// every call: what another process changes counts from then on.
//
// # Writing
//
// A draft is changed by one SQL statement that compares and swaps, so that no
// writer's text is lost between reading and writing. Files are written beside
// their place, fsynced and renamed. Publishing writes the file, commits it,
// and then updates the database in one transaction; each step can be repeated,
// so a publish that was cut short is completed by publishing again. Files
// outside the data directory are never touched, whatever a database row or a
// symbolic link says.
//
// # Goroutines, blocking
//
// Open starts no goroutine; Watch runs one until it is stopped. All methods do
// I/O and may block until their context ends; SQLite waits up to five seconds
// for another process's lock. Hook subscribers run on the goroutine that
// causes the event, after the change is visible.
package instance
