package records

import (
	"context"
	"errors"
	"testing"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/store"
)

func TestNothingEditedNothingWritten(t *testing.T) {
	w := newTown(t)
	if r := w.flush(); r.WroteBack {
		t.Error("wrote back an unedited document")
	}
	w.crash()
	w.flush()
	w.wantDraft("none")

	w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "one\ntwo\nthree\n"}}) // only white space differs
	w.flush()
	w.wantDraft("one\ntwo\nthree\n")
}

func TestNewDraftTakesEverythingOver(t *testing.T) {
	w := newTown(t)
	w.edit("one\nTWO\nthree")
	if r := w.flush(); !r.WroteBack || r.Version != 2 { // saved twice, as nobody is left
		t.Errorf("flush: %+v", r)
	}
	d, err := w.core.Draft(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := record.Fields
	want.Body, want.Author = "one\nTWO\nthree", Author
	if d.CreatedBy != Author || d.ID != want.ID || d.Title != want.Title || d.Type != want.Type || d.Status != want.Status ||
		d.WorkflowState != want.WorkflowState || d.Body != want.Body || d.Author != want.Author ||
		string(d.Metadata) != string(want.Metadata) || string(d.Geography) != string(want.Geography) ||
		string(d.AttachedFiles) != string(want.AttachedFiles) || string(d.LinkedRecords) != string(want.LinkedRecords) ||
		string(d.LinkedGeographyFiles) != string(want.LinkedGeographyFiles) {
		t.Errorf("draft %+v", d)
	}
	if r := w.flush(); r.WroteBack {
		t.Error("wrote the same text again")
	}
}

func TestExistingDraftKeepsItsFields(t *testing.T) {
	w := newTown(t)
	w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Title: "My title", Body: "one\ntwo\nthree", Author: "7"}, CreatedBy: "7"})
	w.edit("one\ntwo\nTHREE")
	w.flush()
	d, err := w.core.Draft(t.Context(), id)
	if err != nil || d.Body != "one\ntwo\nTHREE" || d.Title != "My title" || d.Author != "7" || d.CreatedBy != "7" {
		t.Errorf("draft %+v, %v", d, err)
	}
}

// TestOutsideChanges goes through the ways in which somebody else can change a
// record, with a live room and with one that was closed meanwhile.
func TestOutsideChanges(t *testing.T) {
	for _, c := range []struct {
		name      string
		edit      string // in the room, before; "" = none
		outside   func(w *town)
		unsaved   string // in the room, after the change and before we look
		text      string
		draft     string
		published string
	}{
		{
			name:    "draft put by the core's API",
			edit:    "ONE\ntwo\nthree",
			outside: func(w *town) { w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "ONE\ntwo\nthree, put"}}) },
			text:    "ONE\ntwo\nthree, put", draft: "ONE\ntwo\nthree, put",
		},
		{
			name:    "draft put while somebody types",
			edit:    "ONE\ntwo\nthree",
			outside: func(w *town) { w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "ONE\ntwo\nthree, put"}}) },
			unsaved: "ONE\nTWO\nthree",
			text:    "ONE\nTWO\nthree, put", draft: "ONE\nTWO\nthree, put",
		},
		{
			name:    "file changed by git pull, nothing edited",
			outside: func(w *town) { w.putFile("one\ntwo, pulled\nthree") },
			text:    "one\ntwo, pulled\nthree", draft: "none",
		},
		{
			name:    "file changed by git pull while somebody types",
			outside: func(w *town) { w.putFile("one\ntwo, pulled\nthree") },
			unsaved: "one\ntwo\nTHREE",
			text:    "one\ntwo, pulled\nTHREE", draft: "one\ntwo, pulled\nTHREE",
		},
		{
			name:    "file changed by git pull under a draft",
			edit:    "ONE\ntwo\nthree",
			outside: func(w *town) { w.putFile("one\ntwo, pulled\nthree") },
			text:    "ONE\ntwo, pulled\nthree", draft: "ONE\ntwo, pulled\nthree",
		},
		{
			name:    "published, nothing edited since",
			edit:    "ONE\ntwo\nthree",
			outside: func(w *town) { w.publish() },
			text:    "ONE\ntwo\nthree", draft: "none",
		},
		{
			name:    "published while somebody types",
			edit:    "ONE\ntwo\nthree",
			outside: func(w *town) { w.publish() },
			unsaved: "ONE\nTWO\nthree",
			text:    "ONE\nTWO\nthree", draft: "ONE\nTWO\nthree",
		},
		{
			name:    "draft thrown away",
			edit:    "ONE\ntwo\nthree",
			outside: func(w *town) { w.core.DeleteDraft(id) },
			text:    "one\ntwo\nthree", draft: "none",
		},
		{
			name:    "the same change here and outside",
			outside: func(w *town) { w.putFile("one\ntwo\nthree\nfour") },
			unsaved: "one\ntwo\nthree\nfour",
			text:    "one\ntwo\nthree\nfour", draft: "none",
		},
		{
			name:    "the same change here and outside, and more here",
			outside: func(w *town) { w.putFile("one\ntwo\nthree\nfour") },
			unsaved: "ONE\ntwo\nthree\nfour",
			text:    "ONE\ntwo\nthree\nfour", draft: "ONE\ntwo\nthree\nfour",
		},
	} {
		for _, cold := range []bool{false, true} {
			name := c.name + ", live"
			if cold {
				name = c.name + ", cold"
			}
			t.Run(name, func(t *testing.T) {
				w := newTown(t)
				if c.edit != "" {
					w.edit(c.edit)
					w.flush()
				}
				if cold && c.unsaved != "" {
					w.edit(c.unsaved) // journaled, not written back: the process dies
				}
				c.outside(w)
				if cold {
					w.crash()
				} else if c.unsaved != "" {
					w.edit(c.unsaved)
				}
				w.flush()
				w.wantText(c.text)
				w.wantDraft(c.draft)
				w.flush()
				w.crash()
				w.flush()
				w.wantText(c.text)
				w.wantDraft(c.draft)
			})
		}
	}
}

func (w *town) putFile(body string) {
	r := record
	r.Body = body
	w.core.PutRecord(r)
}

func (w *town) publish() {
	w.t.Helper()
	if err := w.core.Publish(id); err != nil {
		w.t.Fatal(err)
	}
}

// TestCrashBetweenDraftAndMeta kills the process right after the draft was
// written and before the store knows. The draft must be taken for our own.
func TestCrashBetweenDraftAndMeta(t *testing.T) {
	w := newTown(t)
	w.edit("one\nTWO\nthree")
	c, _ := w.Capture(t.Context())
	if _, err := w.store.SaveSnapshot(t.Context(), store.Snapshot{Room: roomID, State: c.State, Seq: c.Seq}, c.Meta); err != nil {
		t.Fatal(err)
	}
	_, err := w.handler.WriteBack(t.Context(), c, func(ctx context.Context, m store.Meta) error {
		return w.store.SaveMeta(ctx, roomID, c.Seq, m)
	}) // and its Outcome is lost
	if err != nil {
		t.Fatal(err)
	}
	w.wantDraft("one\nTWO\nthree")
	w.edit("one\nTWO\nTHREE") // was journaled, too
	w.crash()
	before := w.seq
	w.flush()
	w.wantText("one\nTWO\nTHREE")
	w.wantDraft("one\nTWO\nTHREE")
	if w.seq != before {
		t.Error("our own draft was merged as a change from outside")
	}
}

// TestCrashBeforeDraft kills the process after the announcement and before the
// draft. A change from outside that comes then must not undo our edits.
func TestCrashBeforeDraft(t *testing.T) {
	w := newTown(t)
	w.edit("one\nTWO\nthree")
	c, _ := w.Capture(t.Context())
	stop := errors.New("killed")
	_, err := w.handler.WriteBack(t.Context(), c, func(ctx context.Context, m store.Meta) error {
		if err := w.store.SaveMeta(ctx, roomID, c.Seq, m); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	w.wantDraft("none")
	w.putFile("one\ntwo\nthree, pulled")
	w.crash()
	w.flush()
	w.wantText("one\nTWO\nthree, pulled")
	w.wantDraft("one\nTWO\nthree, pulled")
}

// TestConflictAtTheMomentOfWriting has somebody write between our look and our
// write.
func TestConflictAtTheMomentOfWriting(t *testing.T) {
	w := newTown(t)
	w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "one\ntwo\nthree"}})
	w.edit("ONE\ntwo\nthree")
	c, _ := w.Capture(t.Context())
	first := true
	out, err := w.handler.WriteBack(t.Context(), c, func(context.Context, store.Meta) error {
		if first {
			first = false
			w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "one\ntwo\nthree, put"}})
		}
		return nil
	})
	if err != nil || string(out.Update) != "ONE\ntwo\nthree, put" {
		t.Errorf("outcome %q, %v", out.Update, err)
	}
	w.wantDraft("one\ntwo\nthree, put")
}

func TestRecordDeleted(t *testing.T) {
	w := newTown(t)
	w.edit("one\nTWO\nthree")
	w.core.DeleteRecord(id)
	if r := w.flush(); !r.Gone || r.WroteBack {
		t.Errorf("flush: %+v", r)
	}
	w.wantDraft("none")
}

// TestNodeSnapshot has a room that came from the Node server's snapshot: there
// is no base, and the text that is there is not older.
func TestNodeSnapshot(t *testing.T) {
	w := newTown(t)
	w.meta = store.Meta{Lineage: "node"}
	w.flush()
	w.wantText("one\ntwo\nthree")
	w.wantDraft("none")

	w = newTown(t)
	w.meta = store.Meta{Lineage: "node"}
	w.putFile("one\ntwo, by REST\nthree")
	w.flush()
	w.wantText("one\ntwo, by REST\nthree")
	w.wantDraft("none")

	// Somebody typed before the first look: that is not in the text yet, and
	// must not be taken back.
	w = newTown(t)
	w.meta = store.Meta{Lineage: "node"}
	w.edit("one\ntwo typed\nthree")
	w.flush()
	w.wantText("one\ntwo typed\nthree")
	w.wantDraft("one\ntwo typed\nthree")
}

func TestFailuresWriteNothing(t *testing.T) {
	w := newTown(t)
	w.edit("one\nTWO\nthree")
	w.handler.text = lines{fail: errors.New("table in a table")}
	var stage *store.StageError
	if _, err := w.watch.Flush(t.Context(), store.ReasonRequest); !errors.As(err, &stage) || stage.Stage != "serialize" {
		t.Errorf("flush: %v, want stage serialize", err)
	}
	w.handler.text = lines{}
	restore := w.core.Down(errors.New("database is down"))
	_, err := w.watch.Flush(t.Context(), store.ReasonRequest)
	restore()
	if !errors.As(err, &stage) || stage.Stage != "draft" {
		t.Errorf("flush: %v, want stage draft", err)
	}
	w.wantDraft("none")
	w.flush()
	w.wantDraft("one\nTWO\nthree")
}

// A document that nobody touched since it was last written is not even
// rendered: not when the room opens, nor after a restart.
func TestUntouchedDocumentIsNotRendered(t *testing.T) {
	w := newTown(t)
	refuses := lines{fail: errors.New("rendered")}
	idle := func(when string) {
		t.Helper()
		w.handler.text = refuses
		defer func() { w.handler.text = lines{} }()
		if _, err := w.watch.Flush(t.Context(), store.ReasonOutside); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	idle("seeded")
	w.edit("one\nTWO\nthree")
	w.flush()
	idle("written")
	w.crash()
	idle("opened again")

	w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: "one\nTWO\nthree\nfour"}})
	w.handler.text = refuses
	if _, err := w.watch.Flush(t.Context(), store.ReasonOutside); err == nil {
		t.Error("a draft changed by somebody else was not looked at")
	}
	w.handler.text = lines{}
	w.flush()
	w.wantText("one\nTWO\nthree\nfour")
}

// TestLostBase has rooms whose memory of their record was damaged. Both sides
// went on since the last write-back: nothing of either may be lost or doubled.
func TestLostBase(t *testing.T) {
	for name, c := range map[string]struct{ doc, draft, want string }{
		"same":        {"one\nTWO\nthree", "one\nTWO\nthree", "one\nTWO\nthree"},
		"typed since": {"one\nTWO typed\nthree", "one\nTWO\nthree", "one\nTWO typed\nthree"},
		"put since":   {"one\nTWO\nthree", "one\nTWO put\nthree", "one\nTWO put\nthree"},
		"both":        {"one\nTWO typed\nthree", "one\nTWO\nthree put", "one\nTWO typed\nthree put"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.edit("one\nTWO\nthree")
			w.flush()
			if c.doc != "one\nTWO\nthree" {
				w.edit(c.doc)
			}
			if c.draft != "one\nTWO\nthree" {
				w.core.PutDraft(host.Draft{Fields: host.Fields{ID: id, Body: c.draft}})
			}
			w.meta = store.Meta{Lineage: lineage(firstSeedClient + 7)}
			w.flush()
			w.wantText(c.want)
			w.wantDraft(c.want)
			w.flush()
			w.wantText(c.want)
			w.wantDraft(c.want)
		})
	}
}
