package instance

import (
	"io"
	"log/slog"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes and opens a fresh instance.
func open(t *testing.T) *Instance {
	t.Helper()
	dir := t.TempDir()
	if err := Init(dir); err != nil {
		t.Fatal(err)
	}
	return reopen(t, dir)
}

func reopen(t *testing.T, dir string) *Instance {
	t.Helper()
	in, err := Open(dir, quiet(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

// quiet are options without log and with the given environment only.
func quiet(env map[string]string) Options {
	return Options{PasswordCost: bcrypt.MinCost, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Getenv: func(k string) string { return env[k] }}
}

func execSQL(t *testing.T, in *Instance, query string, args ...any) {
	t.Helper()
	if _, err := in.db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// column reads one value as text.
func column(t *testing.T, in *Instance, query string, args ...any) string {
	t.Helper()
	var s string
	if err := in.db.QueryRowContext(t.Context(), query, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}
