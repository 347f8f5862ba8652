package agenda_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx"
	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/docs/examples/agenda"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// town is the plugin with the room type over a folder.
type town struct {
	t      *testing.T
	core   *memhost.Host
	folder string
	system string
	plugin *realtimefx.Plugin
}

func newTown(t *testing.T, text string) *town {
	t.Helper()
	w := &town{t: t, core: memhost.New(), folder: t.TempDir(), system: t.TempDir()}
	w.put(text)
	w.start()
	return w
}

func (w *town) file() string { return filepath.Join(w.folder, "june.txt") }

func (w *town) put(text string) {
	w.t.Helper()
	if err := os.WriteFile(w.file(), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) text() string {
	w.t.Helper()
	b, err := os.ReadFile(w.file())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

func (w *town) start() {
	w.t.Helper()
	dir, err := os.OpenRoot(w.folder)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = dir.Close() })
	c := config.Default()
	c.Host, c.Port, c.Snapshots.Storage = "127.0.0.1", 0, config.StorageFilesystem
	w.plugin, err = realtimefx.New(realtimefx.Deps{
		Auth: w.core, Records: w.core, Drafts: w.core, Hooks: w.core, SystemDir: w.system,
		Logger: slog.New(slog.DiscardHandler), Rooms: []room.Handler{agenda.New(w.core, dir)},
	}, c)
	if err == nil {
		err = w.plugin.Start(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.stop() })
}

func (w *town) stop() {
	if w.plugin == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := w.plugin.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	w.plugin = nil
}

// client is somebody's editor.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	doc  *yjs.Doc
}

// open joins the agenda and waits for its text.
func (w *town) open(user string, want string) *client {
	w.t.Helper()
	u := w.core.AddUser(host.User{Username: user, Role: "clerk"})
	url := "ws://" + w.plugin.Server.Addr().String() + "/realtime/agendas/june"
	conn, _, err := websocket.Dial(w.t.Context(), url, &websocket.DialOptions{Subprotocols: []string{"auth." + w.core.Login(u.ID, time.Hour)}})
	if err != nil {
		w.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	c := &client{w.t, conn, yjs.NewDoc(yjs.Options{})}
	c.until(want)
	return c
}

// until reads until the document holds a text.
func (c *client) until(want string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for c.doc.Text("agenda").String() != want {
		_, b, err := c.conn.Read(ctx)
		if err != nil {
			c.t.Fatalf("%q instead of %q: %v", c.doc.Text("agenda"), want, err)
		}
		m, err := protocol.Decode(b)
		if err != nil {
			c.t.Fatal(err)
		}
		if m.Type == protocol.MessageSync && m.Sync != protocol.SyncStep1 {
			if err := c.doc.ApplyUpdate(m.Payload, nil); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// write inserts text at the front and sends it.
func (c *client) write(text string) {
	c.t.Helper()
	cancel := c.doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) {
		if err := c.conn.Write(c.t.Context(), websocket.MessageBinary, protocol.AppendUpdate(nil, u)); err != nil {
			c.t.Error(err)
		}
	})
	defer cancel()
	if err := c.doc.Transact(nil, func(tx *yjs.Transaction) error { return c.doc.Text("agenda").Insert(tx, 0, text, nil) }); err != nil {
		c.t.Fatal(err)
	}
}

// Two people edit one agenda; a stop writes it to its file; a restart goes on
// with it and duplicates nothing.
func TestAgenda(t *testing.T) {
	w := newTown(t, "1. Budget\n")
	alice, bob := w.open("alice", "1. Budget\n"), w.open("bob", "1. Budget\n")
	alice.write("0. Welcome\n")
	bob.until("0. Welcome\n1. Budget\n")
	w.stop()
	if got, want := w.text(), "0. Welcome\n1. Budget\n"; got != want {
		t.Fatalf("the file says %q, want %q", got, want)
	}
	w.start()
	w.open("carol", "0. Welcome\n1. Budget\n").write("Agenda\n")
	w.open("dave", "Agenda\n0. Welcome\n1. Budget\n")
}

// What somebody else wrote into the file meanwhile is not overwritten.
func TestChangedOutside(t *testing.T) {
	w := newTown(t, "1. Budget\n")
	w.open("alice", "1. Budget\n").write("0. Welcome\n")
	w.open("bob", "0. Welcome\n1. Budget\n")
	w.put("by hand\n")
	_, _, err := w.plugin.Rooms.Flush(t.Context(), "agendas:june")
	if err == nil || !strings.Contains(err.Error(), "changed by somebody else") {
		t.Errorf("flush: %v", err)
	}
	if got := w.text(); got != "by hand\n" {
		t.Errorf("the file says %q", got)
	}
	w.put("1. Budget\n") // so that the stop can write
}
