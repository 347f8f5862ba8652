package records

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

// lines is a converter whose documents are texts, whose updates are whole new
// texts, and whose merge works line by line.
type lines struct{ fail error }

func (l lines) seed(id, text string) (seeded, error) {
	return seeded{state: []byte(text), lineage: "L-" + id, source: []byte(text)}, l.fail
}

func (l lines) source(_ []byte, text string) ([]byte, error) { return []byte(text), l.fail }

func (l lines) render(state, _ []byte) (string, []byte, error) {
	return string(state), state, l.fail
}

func (l lines) merge(state, source []byte, text string) ([]byte, []byte, error) {
	have, from, to := strings.Split(string(state), "\n"), strings.Split(string(source), "\n"), strings.Split(text, "\n")
	out := slices.Clone(have)
	for i := range to {
		switch {
		case i >= len(from) && !slices.Contains(have, to[i]):
			out = append(out, to[i])
		case i < len(from) && i < len(have) && from[i] != to[i]:
			out[i] = to[i]
		}
	}
	if slices.Equal(out, have) {
		return nil, []byte(text), l.fail
	}
	return []byte(strings.Join(out, "\n")), []byte(text), l.fail
}

// town is a handler on the in-memory host, with one live room of the record
// "noise" kept by a real keeper.
type town struct {
	t       *testing.T
	core    *memhost.Host
	handler *Handler
	store   *mem.Store
	keeper  *store.Keeper
	watch   *store.Watch

	text string // the live document
	seq  uint64
	meta store.Meta
}

const id, roomID = "noise", "records:noise"

func (w *town) RoomID() string { return roomID }

func (w *town) Capture(context.Context) (store.Capture, error) {
	return store.Capture{Room: roomID, State: []byte(w.text), Seq: w.seq, Meta: w.meta}, nil
}

func (w *town) ApplyOutside(_ context.Context, update []byte, m store.Meta) error {
	w.meta = m
	if update == nil {
		return nil
	}
	w.seq++
	w.text = string(update)
	return w.store.Append(context.Background(), []store.Entry{{Room: roomID, Seq: w.seq, Update: update, Meta: &m}})
}

// edit changes the live document.
func (w *town) edit(text string) {
	w.t.Helper()
	w.seq++
	w.text = text
	if err := w.store.Append(w.t.Context(), []store.Entry{{Room: roomID, Seq: w.seq, Update: []byte(text)}}); err != nil {
		w.t.Fatal(err)
	}
	w.watch.Edited(w.seq)
}

func (w *town) flush() store.FlushResult {
	w.t.Helper()
	r, err := w.watch.Flush(w.t.Context(), store.ReasonLastLeave)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// crash forgets everything that is not stored and opens the room again.
func (w *town) crash() {
	w.t.Helper()
	_ = w.watch.Close(w.t.Context())
	_ = w.keeper.Stop(w.t.Context())
	w.start()
}

// start opens the room as a manager does.
func (w *town) start() {
	w.t.Helper()
	ctx := w.t.Context()
	w.keeper = store.NewKeeper(w.store, store.KeeperOptions{Interval: -1, MaxUpdates: -1, Logger: slog.New(slog.DiscardHandler)})
	l, err := w.store.Load(ctx, roomID)
	if errors.Is(err, store.ErrNoRoom) {
		seed, serr := w.handler.Seed(ctx, id)
		if serr != nil {
			w.t.Fatal(serr)
		}
		if err := w.store.Create(ctx, roomID, seed.Meta, store.Snapshot{State: seed.State}); err != nil {
			w.t.Fatal(err)
		}
		l, err = w.store.Load(ctx, roomID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.text, w.seq, w.meta = string(l.Snapshot.State), l.LastSeq(), l.Meta
	for _, e := range l.Entries {
		if len(e.Update) > 0 {
			w.text = string(e.Update)
		}
	}
	w.watch = w.keeper.Watch(w, w.handler, *l.Snapshot, l.LastSeq())
}

func (w *town) draft() string {
	w.t.Helper()
	d, err := w.core.Draft(w.t.Context(), id)
	if errors.Is(err, host.ErrNotFound) {
		return "none"
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return d.Body
}

func (w *town) wantDraft(want string) {
	w.t.Helper()
	if got := w.draft(); got != want {
		w.t.Errorf("draft %q, want %q", got, want)
	}
}

func (w *town) wantText(want string) {
	w.t.Helper()
	if w.text != want {
		w.t.Errorf("document %q, want %q", w.text, want)
	}
}

var record = host.Record{Fields: host.Fields{
	ID: id, Title: "Noise by-law", Type: "bylaw", Status: "active", WorkflowState: "adopted", Body: "one\ntwo\nthree",
	Metadata: json.RawMessage(`{"authors":[{"name":"A"}]}`), Geography: json.RawMessage(`{"srid":4326}`),
	AttachedFiles: json.RawMessage(`[{"id":"f"}]`), LinkedRecords: json.RawMessage(`[{"id":"r"}]`),
	LinkedGeographyFiles: json.RawMessage(`[{"id":"g"}]`), Author: "alice",
}}

func newTown(t *testing.T) *town {
	t.Helper()
	core := memhost.New()
	core.PutRecord(record)
	h, err := New(Deps{Auth: core, Records: core, Drafts: core, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h.text = lines{}
	w := &town{t: t, core: core, handler: h, store: mem.New()}
	w.start()
	t.Cleanup(func() {
		if err := w.keeper.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func TestAuthorize(t *testing.T) {
	core := memhost.New()
	core.PutRecord(record)
	core.PutDraft(host.Draft{Fields: host.Fields{ID: "secret", Title: "Secret", Type: "bylaw", Body: "draft"}})
	h, err := New(Deps{Auth: core, Records: core, Drafts: core})
	if err != nil {
		t.Fatal(err)
	}
	session := func(role string) host.Session { return host.Session{User: host.User{ID: 1, Role: role}} }
	for _, c := range []struct {
		role, id string
		want     room.Grant
		err      error
	}{
		{"clerk", id, room.Grant{View: true, Edit: true}, nil},
		{"public", id, room.Grant{View: true}, nil},
		{"clerk", "secret", room.Grant{View: true, Edit: true}, nil},
		{"public", "secret", room.Grant{}, room.ErrRoomNotFound},
		{"clerk", "absent", room.Grant{}, room.ErrRoomNotFound},
		{"clerk", "../../etc/passwd", room.Grant{}, room.ErrRoomNotFound},
	} {
		got, err := h.Authorize(t.Context(), session(c.role), c.id)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s on %s: %+v, %v; want %+v, %v", c.role, c.id, got, err, c.want, c.err)
		}
	}
	down := errors.New("database is down")
	defer core.Down(down)()
	if _, err := h.Authorize(t.Context(), session("clerk"), id); !errors.Is(err, down) || errors.Is(err, room.ErrRoomNotFound) {
		t.Errorf("a backend that is down answered %v", err)
	}
	if _, err := h.Seed(t.Context(), id); !errors.Is(err, down) {
		t.Errorf("seed with a backend that is down: %v", err)
	}
}

func TestSeedPrefersTheDraft(t *testing.T) {
	w := newTown(t)
	w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "one\ndraft"}})
	s, err := w.handler.Seed(t.Context(), id)
	if err != nil || string(s.State) != "one\ndraft" || s.Meta.Lineage != "L-noise" {
		t.Errorf("seed %q, lineage %q, %v", s.State, s.Meta.Lineage, err)
	}
	if _, err := w.handler.Seed(t.Context(), "absent"); !errors.Is(err, room.ErrRoomNotFound) {
		t.Errorf("seed of nothing: %v", err)
	}
}
