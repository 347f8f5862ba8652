package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore/nodetest"
	"github.com/civicpress/realtimefx/realtime/store/postgres"
	"github.com/civicpress/realtimefx/realtime/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server starts a PostgreSQL server of our own on a socket in a folder and
// returns its address. It skips when the programs are not installed.
func server(t *testing.T) (dsn func(database string) string) {
	t.Helper()
	bin := ""
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is valid
	if slices.Sort(found); len(found) > 0 {
		bin = filepath.Dir(found[len(found)-1])
	} else if p, err := exec.LookPath("initdb"); err == nil {
		bin = filepath.Dir(p)
	} else {
		t.Skip("PostgreSQL is not installed (no initdb): apt-get install postgresql")
	}
	dir, err := os.MkdirTemp("/tmp", "pg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attr := unprivileged(t, dir)
	run := func(name string, args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
		cmd.SysProcAttr, cmd.Dir = attr, dir
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	data := filepath.Join(dir, "data")
	run("initdb", "-D", data, "-A", "trust", "-U", "civic", "--no-sync", "-E", "UTF8", "--locale=C")
	run("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", "-c listen_addresses='' -c unix_socket_directories="+dir, "start")
	t.Cleanup(func() { run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop") })
	return func(database string) string {
		return fmt.Sprintf("host=%s user=civic dbname=%s", dir, database)
	}
}

// unprivileged gives the folder to somebody who is not root, for whom the
// server refuses to run.
func unprivileged(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	t.Skip("there is no user postgres or nobody to run PostgreSQL as")
	return nil
}

// towns makes one empty database after the other.
func towns(t *testing.T) (next func(t *testing.T) (dsn string)) {
	dsn := server(t)
	admin, err := sql.Open("pgx", dsn("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	count := 0
	return func(t *testing.T) string {
		t.Helper()
		count++
		name := fmt.Sprint("town", count)
		if _, err := admin.Exec(`CREATE DATABASE ` + name); err != nil {
			t.Fatal(err)
		}
		return dsn(name)
	}
}

func TestConformance(t *testing.T) {
	next := towns(t)
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		dsn := next(t)
		return storetest.Harness{
			Open: func() (store.Store, error) {
				return postgres.Open(t.Context(), postgres.Options{DSN: dsn, Logger: quiet})
			},
			Damage: func(room string, target storetest.Target, seq uint64) error { return damage(dsn, room, target, seq) },
		}
	})
	nodetest.Run(t, func(t *testing.T) (store.Store, *sql.DB) {
		db, err := sql.Open("pgx", next(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		s, err := postgres.Open(t.Context(), postgres.Options{DB: db, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		return s, db
	})
}

var quiet = slog.New(slog.DiscardHandler)

func damage(dsn, room string, target storetest.Target, seq uint64) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	const flip = `set_byte(%[1]s, length(%[1]s)/2, get_byte(%[1]s, length(%[1]s)/2) # 16)`
	var res sql.Result
	switch target {
	case storetest.JournalEntry:
		res, err = db.Exec(`UPDATE realtime_journal SET data = `+fmt.Sprintf(flip, "data")+` WHERE room_id = $1 AND seq = $2`, room, int64(seq))
	case storetest.NewestState:
		res, err = db.Exec(`UPDATE realtime_states SET state = `+fmt.Sprintf(flip, "state")+` WHERE room_id = $1
			AND version = (SELECT max(version) FROM realtime_states WHERE room_id = $1)`, room)
	case storetest.NewestMeta:
		res, err = db.Exec(`UPDATE realtime_states SET meta = `+fmt.Sprintf(flip, "meta")+` WHERE room_id = $1
			AND version = (SELECT max(version) FROM realtime_states WHERE room_id = $1)`, room)
	case storetest.AllMetas:
		res, err = db.Exec(`UPDATE realtime_states SET meta = `+fmt.Sprintf(flip, "meta")+` WHERE room_id = $1`, room)
	case storetest.AllStates:
		res, err = db.Exec(`UPDATE realtime_states SET state = `+fmt.Sprintf(flip, "state")+` WHERE room_id = $1`, room)
	}
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(errors.New("nothing to damage"), err)
	}
	return nil
}

func TestOpenFailures(t *testing.T) {
	if _, err := postgres.Open(t.Context(), postgres.Options{}); err == nil {
		t.Error("opened without a database")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := postgres.Open(ctx, postgres.Options{DSN: "host=/nonexistent user=civic dbname=civic"}); err == nil {
		t.Error("opened a server that is not there")
	}
}
