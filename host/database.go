package host

import "database/sql"

// Database is the core's relational database. It is optional: a host without
// one stores snapshots elsewhere.
type Database interface {
	// DB is shared with the core; the plugin never closes it.
	DB() *sql.DB
	// Dialect is "sqlite" or "postgres".
	Dialect() string
	// Path is the database file for SQLite, "" otherwise.
	Path() string
}
