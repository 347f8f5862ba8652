package records

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

func TestRestoredOrNew(t *testing.T) {
	w := newTown(t)
	w.edit("one\nTWO\nthree")
	w.flush() // the draft has it
	w.edit("one\nTWO\nTHREE")
	ctx, h := t.Context(), w.handler
	asks := func(when string, exists, restored bool) {
		t.Helper()
		if got, err := h.Exists(ctx, id); err != nil || got != exists {
			t.Errorf("%s: exists %v, %v", when, got, err)
		}
		if got, err := h.Restored(ctx, id, w.meta); err != nil || got != restored {
			t.Errorf("%s: restored %v, %v", when, got, err)
		}
	}
	asks("there", true, true)
	w.core.DeleteRecord(id)
	asks("deleted", false, false)
	w.core.PutRecord(record)
	asks("published text as it was", true, true)
	w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "one\nTWO\nthree\n"}})
	asks("draft as it was", true, true)
	w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "another bylaw"}})
	asks("another draft", true, false)
	restore := w.core.Down(errors.New("database is down"))
	if _, err := h.Exists(ctx, id); err == nil {
		t.Error("a database that is down says that nothing exists")
	}
	if _, err := h.Restored(ctx, id, w.meta); err == nil {
		t.Error("a database that is down says that nothing was restored")
	}
	restore()
}

func TestDoctorAndExportKnowWhatWasPutAway(t *testing.T) {
	ctx := t.Context()
	core := memhost.New()
	r := record
	r.Body = bylaw
	core.PutRecord(r)
	h, err := New(Deps{Auth: core, Records: core, Drafts: core})
	if err != nil {
		t.Fatal(err)
	}
	seed, err := h.Seed(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	core.DeleteRecord(id)
	s := mem.New()
	if _, err := h.Export(ctx, s, id); !errors.Is(err, room.ErrRoomNotFound) {
		t.Errorf("export of what never was: %v", err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	if err := s.Create(ctx, room.DeletedID(roomID, at), seed.Meta, store.Snapshot{State: seed.State}); err != nil {
		t.Fatal(err)
	}
	if x, err := h.Export(ctx, s, id); err != nil || string(x.Markdown) != bylaw {
		t.Errorf("export: %+v, %v", x, err)
	}
	found, err := h.Examine(ctx, s)
	if err != nil || len(found) == 0 || found[0].Record != id || !strings.Contains(found[0].Text, "deleted on 2026-03-04; its document is kept until 2026-04-03") {
		t.Errorf("examine: %+v, %v", found, err)
	}
}
