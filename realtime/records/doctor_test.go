package records

import (
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

// TestExamineAndExport goes through what a doctor finds, with the real mapping.
func TestExamineAndExport(t *testing.T) {
	ctx := t.Context()
	core := memhost.New()
	r := record
	r.Body = bylaw
	core.PutRecord(r)
	h, err := New(Deps{Auth: core, Records: core, Drafts: core})
	if err != nil {
		t.Fatal(err)
	}
	s := mem.New()
	x, err := h.Export(ctx, s, id)
	if err != nil || x.Stored || string(x.Markdown) != bylaw || len(x.State) == 0 {
		t.Errorf("export before the first edit: %+v, %v", x, err)
	}
	seed, err := h.Seed(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(ctx, roomID, seed.Meta, store.Snapshot{State: seed.State}); err != nil {
		t.Fatal(err)
	}
	finds := func(g Grade, text string) {
		t.Helper()
		found, err := h.Examine(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.Grade == g && strings.Contains(f.Text, text) {
				return
			}
		}
		t.Errorf("no %v with %q in %+v", g, text, found)
	}
	finds(Fine, "document and published text are the same")
	if err := s.Append(ctx, []store.Entry{{Room: roomID, Seq: 1, Update: typeInto(t, seed.State, 3, "Very ")}}); err != nil {
		t.Fatal(err)
	}
	finds(Note, "the document is ahead of the published text")
	x, err = h.Export(ctx, s, id)
	if want := strings.Replace(bylaw, "Last", "Very Last", 1); err != nil || !x.Stored || x.Seq != 1 || string(x.Markdown) != want {
		t.Errorf("export: %q, %v", x.Markdown, err)
	}
	r.Body = strings.Replace(bylaw, "55", "50", 1)
	core.PutRecord(r)
	finds(Note, "changed outside")
	if err := s.Append(ctx, []store.Entry{{Room: roomID, Seq: 2, Update: []byte("not an update")}}); err != nil {
		t.Fatal(err)
	}
	finds(Problem, "journal entry 2")
	core.DeleteRecord(id)
	if _, err := h.Export(ctx, s, "absent"); err == nil {
		t.Error("exported a record that does not exist")
	}
}
