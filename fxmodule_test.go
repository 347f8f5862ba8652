package realtimefx_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx"
	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// services offers what every core has.
func services(h *memhost.Host) fx.Option {
	return fx.Options(
		fx.NopLogger,
		fx.Supply(slog.New(slog.DiscardHandler), fx.Annotate(h,
			fx.As(new(host.Auth)), fx.As(new(host.Records)), fx.As(new(host.DraftStore)),
			fx.As(new(host.HookEmitter)), fx.As(new(host.HealthRegistry)))),
	)
}

// database is a core's database at a path.
type database struct{ path string }

func (database) DB() *sql.DB     { return nil }
func (database) Dialect() string { return "sqlite" }
func (d database) Path() string  { return d.path }

func withDatabase(t *testing.T) fx.Option {
	return fx.Supply(fx.Annotate(database{filepath.Join(t.TempDir(), "civic.db")}, fx.As(new(host.Database))))
}

// local is a configuration for a free port, in memory.
func local() config.Config {
	c := config.Default()
	c.Host, c.Port, c.Snapshots.Storage = "127.0.0.1", 0, config.StorageMemory
	return c
}

// otherRoom is a room type of the host.
type otherRoom struct {
	room.Handler
	kind string
}

func (o otherRoom) RoomType() string { return o.kind }

func TestModuleIsComplete(t *testing.T) {
	for name, extra := range map[string]fx.Option{
		"with a database":    withDatabase(t),
		"without a database": fx.Options(),
		"with a room type":   fx.Provide(realtimefx.AsRoomHandler(func() otherRoom { return otherRoom{kind: "devices"} })),
	} {
		if err := fx.ValidateApp(services(memhost.New()), realtimefx.Module, extra); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := fx.ValidateApp(fx.NopLogger, realtimefx.Module); err == nil {
		t.Error("a core without services passes: this test would see nothing")
	}
}

func TestLifecycle(t *testing.T) {
	dir := t.TempDir()
	core := memhost.New()
	alice := core.AddUser(host.User{Username: "alice", Role: "clerk"})
	var p *realtimefx.Plugin
	app := fxtest.New(t, services(core), realtimefx.Module, withDatabase(t),
		fx.Replace(realtimefx.SystemDir(dir)),
		fx.Decorate(func(c config.Config) config.Config { c.Host, c.Port = "127.0.0.1", 0; return c }),
		fx.Populate(&p))
	if p.Server.Addr() != nil {
		t.Fatal("construction listens already")
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Fatalf("construction wrote %v", files)
	}
	app.RequireStart()
	if !p.Server.Ready() {
		t.Error("not ready after the start")
	}
	if _, err := os.Stat(filepath.Join(dir, "realtime-journal")); err != nil {
		t.Errorf("no journal: %v", err)
	}
	core.Revoke(alice.ID, "password")                                      // the subscriptions run
	core.PutDraft(host.Draft{Fields: host.Fields{ID: "a", Type: "bylaw"}}) // and on what is not open, do nothing
	app.RequireStop()
	if p.Server.Ready() {
		t.Error("ready after the stop")
	}
}

// The same plugin without fx.
func TestWithoutFx(t *testing.T) {
	core := memhost.New()
	p, err := realtimefx.New(realtimefx.Deps{
		Auth: core, Records: core, Drafts: core, Hooks: core, Health: core,
		Logger: slog.New(slog.DiscardHandler),
	}, local())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", p.Server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := p.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Fatalf("a second Stop: %v", err)
	}
}

func TestDisabledStartsNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte("enabled: false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var p *realtimefx.Plugin
	app := fxtest.New(t, services(memhost.New()), realtimefx.Module, // no database: it is not missed
		fx.Replace(realtimefx.SystemDir(dir)), fx.Populate(&p))
	app.RequireStart()
	defer app.RequireStop()
	if p.Server != nil || p.Rooms != nil {
		t.Error("a disabled plugin has a server")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("a disabled plugin wrote files: %v", files)
	}
	if err := p.BeforePublish(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	for request, want := range map[string]int{"POST /records/a/snapshot": 200, "GET /realtime/rooms": 503} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		p.API().ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
		if w.Code != want {
			t.Errorf("%s: %d %s", request, w.Code, w.Body)
		}
	}
}

// What is wrong is an error of the construction or the start, and leaves
// nothing behind.
func TestFailures(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := local()
	busy.Port = taken.Addr().(*net.TCPAddr).Port
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	two := fx.Provide(
		realtimefx.AsRoomHandler(func() otherRoom { return otherRoom{kind: "devices"} }),
		realtimefx.AsRoomHandler(func() otherRoom { return otherRoom{kind: "devices"} }),
	)
	again := fx.Provide(realtimefx.AsRoomHandler(func() otherRoom { return otherRoom{kind: "records"} }))
	none := fx.Provide(fx.Annotate(func() room.Handler { return nil }, fx.ResultTags(`group:"realtime.rooms"`)))
	noDatabase := local()
	noDatabase.Snapshots.Storage = config.StorageDatabase

	files := local()
	files.Snapshots.Storage = config.StorageFilesystem

	tests := []struct {
		name  string
		extra fx.Option
		want  string
	}{
		{"two handlers of one type", fx.Options(two, fx.Replace(local())), "two handlers"},
		{"a second handler for records", fx.Options(again, fx.Replace(local())), "two handlers"},
		{"a nil handler", fx.Options(none, fx.Replace(local())), "is nil"},
		{"storage: database without one", fx.Replace(noDatabase), "snapshots.storage is database, but the core has no database"},
		{"taken port", fx.Replace(busy), "address already in use"},
		{"no place for the files", fx.Options(fx.Replace(files), fx.Replace(realtimefx.SystemDir(file))), "start store filesystem"},
		{"no place for the journal", fx.Options(withDatabase(t), fx.Replace(noDatabase), fx.Replace(realtimefx.SystemDir(file))), "start store"},
	}
	for _, tt := range tests {
		app := fx.New(services(memhost.New()), realtimefx.Module, tt.extra)
		err := app.Err()
		if err == nil {
			err = app.Start(t.Context())
		}
		if err == nil {
			err = errors.Join(errors.New("it started"), app.Stop(t.Context()))
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A broken realtime.yml stops the construction and names every fault.
func TestBrokenConfiguration(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte("port: 0\nhots: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	app := fx.New(services(memhost.New()), realtimefx.Module, fx.Replace(realtimefx.SystemDir(dir)))
	if err := app.Err(); err == nil || !strings.Contains(err.Error(), "realtime.yml:1: port") || !strings.Contains(err.Error(), "realtime.yml:2: hots") {
		t.Fatalf("got %v", err)
	}
}
