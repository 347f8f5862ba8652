package instance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // registers the driver
)

// busyTimeout is how long SQLite waits for another process's lock, as the
// core does.
const busyTimeout = 5 * time.Second

// openDatabase opens an existing SQLite file.
func openDatabase(ctx context.Context, path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open database: %s", reason(err, path))
	}
	// Transactions start IMMEDIATE: they all write, and a read lock that has
	// to be upgraded fails at once when another process writes, without
	// waiting for the busy timeout.
	query := url.Values{
		"mode":    {"rw"},
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
			"journal_mode(WAL)",
			"foreign_keys(1)",
			"synchronous(FULL)",
			"cache_size(-256)", // KiB a connection; the system caches the file once for all
		},
	}
	name := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + query.Encode()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	// Readers of WAL run beside each other and beside one writer.
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	db.SetConnMaxIdleTime(3 * time.Second) // each has a cache
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return db, nil
}

// needed are the tables and columns of the core that this package uses.
var needed = map[string][]string{
	"users":    {"id", "username", "role", "email", "name", "password_hash", "auth_provider"},
	"sessions": {"id", "token_hash", "user_id", "expires_at"},
	"records": {
		"id", "title", "type", "status", "workflow_state", "content", "metadata", "geography", "attached_files",
		"linked_records", "linked_geography_files", "path", "author", "created_at", "updated_at",
	},
	"record_drafts": {
		"id", "title", "type", "status", "workflow_state", "markdown_body", "metadata", "geography", "attached_files",
		"linked_records", "linked_geography_files", "author", "created_by", "last_draft_saved_at", "created_at", "updated_at",
	},
	"audit_logs": {"user_id", "action", "resource_type", "resource_id", "details", "ip_address"},
}

// checkSchema names everything that is missing.
func checkSchema(ctx context.Context, db *sql.DB) error {
	var missing []string
	for _, table := range slices.Sorted(maps.Keys(needed)) {
		have := map[string]bool{}
		rows, err := db.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
		if err != nil {
			return fmt.Errorf("check database schema: %w", err)
		}
		for rows.Next() {
			var column string
			if err := rows.Scan(&column); err != nil {
				_ = rows.Close()
				return fmt.Errorf("check database schema: %w", err)
			}
			have[column] = true
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("check database schema: %w", err)
		}
		if len(have) == 0 {
			missing = append(missing, "table "+table)
			continue
		}
		for _, column := range needed[table] {
			if !have[column] {
				missing = append(missing, table+"."+column)
			}
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: missing %s; start CivicPress once to bring the database up to date", ErrSchema, strings.Join(missing, ", "))
	}
	return nil
}

// sqlTime reads the core's time stamps: "YYYY-MM-DD HH:MM:SS" in UTC, or ISO.
// Anything else is the zero time.
func sqlTime(s string) time.Time {
	for _, format := range []string{time.DateTime, time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(format, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// nullJSON stores empty JSON text as NULL.
func nullJSON(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return string(b)
}

// nullText stores empty text as NULL.
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// queryError prefers the context's error to the driver's word for it.
func queryError(ctx context.Context, what string, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return fmt.Errorf("%s: %w", what, ctxErr)
	}
	return fmt.Errorf("%s: %w", what, err)
}
