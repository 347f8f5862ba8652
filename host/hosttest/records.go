package hosttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// oddIDs must be looked up literally, and never as a path.
var oddIDs = []string{"", "..", "../secrets", "a/../b", "/etc/passwd", "a\x00b", "%2e%2e", "x' OR '1'='1", "é", strings.Repeat("x", 5000)}

func testRecords(t *testing.T, f Fixture) {
	want := host.Record{Fields: host.Fields{
		ID: "bylaw-1", Title: "Noise: a \"bylaw\"", Type: "bylaw", Status: "published", WorkflowState: "draft",
		Body: "# Noise\n\nQuiet, please.", Author: "alice",
		Metadata:  []byte(`{"tags":["noise"],"priority":"high"}`),
		Geography: []byte(`{"zone":"R-2"}`),
	}}
	f.PutRecord(t, want)
	got, err := f.Record(t.Context(), "bylaw-1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != want.Title || got.Type != want.Type || got.Status != want.Status || got.Body != want.Body || got.Author != want.Author {
		t.Errorf("got %+v, want %+v", got.Fields, want.Fields)
	}
	if !strings.Contains(string(got.Metadata), `"noise"`) || !strings.Contains(string(got.Geography), "R-2") {
		t.Errorf("metadata or geography is lost: %s, %s", got.Metadata, got.Geography)
	}
	if got.UpdatedAt.IsZero() || got.CreatedAt.IsZero() {
		t.Errorf("time stamps are missing: %+v", got)
	}
	want.Body = "# Noise\n\nQuiet, or else."
	f.PutRecord(t, want)
	if got, err = f.Record(t.Context(), "bylaw-1"); err != nil || got.Body != want.Body {
		t.Errorf("got %q, %v, want the new body", got.Body, err)
	}
	for _, kind := range []string{"bylaw", "policy", "bylaw"} { // asked again and again, it must not grow old
		want.Type = kind
		f.PutRecord(t, want)
		for range 2 {
			if got, err := f.RecordType(t.Context(), "bylaw-1"); err != nil || got != kind {
				t.Errorf("type %q, %v, want %q", got, err, kind)
			}
		}
	}
	for _, id := range append(oddIDs, "bylaw-2", "BYLAW-1", "bylaw-1 ") {
		if _, err := f.RecordType(t.Context(), id); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("type of record %.20q: got %v, want ErrNotFound", id, err)
		}
		if _, err := f.Record(t.Context(), id); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("record %.20q: got %v, want ErrNotFound", id, err)
		}
		if _, err := f.Draft(t.Context(), id); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("draft %.20q: got %v, want ErrNotFound", id, err)
		}
	}
}

func testDraftLife(t *testing.T, f Fixture) {
	ctx := t.Context()
	if err := f.SaveDraftBody(ctx, "d1", "", "x"); !errors.Is(err, host.ErrNotFound) {
		t.Errorf("no draft: got %v, want ErrNotFound", err)
	}
	want := draft("d1", "first")
	before := time.Now().Add(-2 * time.Second)
	if err := f.CreateDraft(ctx, want); err != nil {
		t.Fatal(err)
	}
	got := mustDraft(t, f, "d1")
	if g, w := fmt.Sprintf("%+v", got.Fields), fmt.Sprintf("%+v", want.Fields); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
	if got.CreatedBy != want.CreatedBy {
		t.Errorf("got created_by %q, want %q", got.CreatedBy, want.CreatedBy)
	}
	for name, at := range map[string]time.Time{"created": got.CreatedAt, "updated": got.UpdatedAt, "saved": got.LastSavedAt} {
		if at.Before(before) || at.After(time.Now().Add(2*time.Second)) {
			t.Errorf("%s at %v is not now", name, at)
		}
	}

	if err := f.CreateDraft(ctx, draft("d1", "other")); !errors.Is(err, host.ErrConflict) {
		t.Errorf("second create: got %v, want ErrConflict", err)
	}
	if err := f.SaveDraftBody(ctx, "d1", "not this", "x"); !errors.Is(err, host.ErrConflict) {
		t.Errorf("wrong base: got %v, want ErrConflict", err)
	}
	if b := mustDraft(t, f, "d1").Body; b != "first" {
		t.Errorf("a refused call changed the body to %q", b)
	}
	if err := f.SaveDraftBody(ctx, "d1", "first", "second"); err != nil {
		t.Fatal(err)
	}
	after := mustDraft(t, f, "d1")
	want.Body = "second"
	if g, w := fmt.Sprintf("%+v", after.Fields), fmt.Sprintf("%+v", want.Fields); g != w {
		t.Errorf("more than the body changed:\ngot  %s\nwant %s", g, w)
	}
	if after.CreatedBy != want.CreatedBy || !after.CreatedAt.Equal(got.CreatedAt) {
		t.Errorf("save touched created_by or created_at: %+v", after)
	}
	if err := f.CreateDraft(ctx, host.Draft{Fields: host.Fields{ID: "d2"}}); err == nil {
		t.Error("a draft without title and type must be refused")
	}
}

// testDraftRace has many writers increment a number by compare and swap.
func testDraftRace(t *testing.T, f Fixture) {
	ctx := t.Context()
	if err := f.CreateDraft(ctx, draft("race", "0")); err != nil {
		t.Fatal(err)
	}
	const writers, rounds = 4, 10
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for won := 0; won < rounds; {
				d, err := f.Draft(ctx, "race")
				if err != nil {
					t.Error(err)
					return
				}
				var n int
				_, _ = fmt.Sscan(d.Body, &n)
				switch err := f.SaveDraftBody(ctx, "race", d.Body, fmt.Sprint(n+1)); {
				case err == nil:
					won++
				case !errors.Is(err, host.ErrConflict):
					t.Errorf("got %v, want success or ErrConflict", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got, want := mustDraft(t, f, "race").Body, fmt.Sprint(writers*rounds); got != want {
		t.Errorf("got %s, want %s: an update was lost", got, want)
	}
}

func testCreateRace(t *testing.T, f Fixture) {
	const writers = 8
	errs := make(chan error, writers)
	for i := range writers {
		go func() { errs <- f.CreateDraft(context.Background(), draft("new", fmt.Sprint("body ", i))) }()
	}
	won := 0
	for range writers {
		switch err := <-errs; {
		case err == nil:
			won++
		case !errors.Is(err, host.ErrConflict):
			t.Errorf("got %v, want success or ErrConflict", err)
		}
	}
	if won != 1 {
		t.Errorf("%d creators won, want 1", won)
	}
}

// testOddText saves bodies that a careless store changes.
func testOddText(t *testing.T, f Fixture) {
	if err := f.CreateDraft(t.Context(), draft("odd", "")); err != nil {
		t.Fatal(err)
	}
	base := mustDraft(t, f, "odd").Body
	if base != "" {
		t.Fatalf("got %q, want an empty body", base)
	}
	for _, body := range []string{
		"a", "", "  \n\n", "trailing  \n", "\ufeffbom", "crlf\r\nline\r\n", "été 🏛️ 𝒳", "nul\x00inside", "'; DROP TABLE records;--",
		"---\nnot: front matter\n---\n", strings.Repeat("long line ", 100_000), "",
	} {
		if err := f.SaveDraftBody(t.Context(), "odd", base, body); err != nil {
			t.Fatalf("%.20q: %v", body, err)
		}
		if got := mustDraft(t, f, "odd").Body; got != body {
			t.Fatalf("got %.40q, want %.40q", got, body)
		}
		base = body
	}
}

// testBroken makes sure that a failing backend is never taken for an answer.
func testBroken(t *testing.T, f Fixture) {
	alice, token := f.AddUser(t, "alice", "clerk")
	if err := f.CreateDraft(t.Context(), draft("d", "x")); err != nil {
		t.Fatal(err)
	}
	restore := f.Break(t)
	broken := map[string]error{}
	_, broken["ValidateSession"] = f.ValidateSession(t.Context(), token)
	_, broken["User"] = f.User(t.Context(), alice.ID)
	_, broken["Record"] = f.Record(t.Context(), "nothing")
	_, broken["Draft"] = f.Draft(t.Context(), "nothing")
	broken["SaveDraftBody"] = f.SaveDraftBody(t.Context(), "d", "wrong", "y")
	broken["CreateDraft"] = f.CreateDraft(t.Context(), draft("d", "y"))
	for op, err := range broken {
		if err == nil {
			t.Errorf("%s: got no error from a broken backend", op)
		}
		for _, answer := range []error{host.ErrUnauthenticated, host.ErrNotFound, host.ErrConflict} {
			if errors.Is(err, answer) {
				t.Errorf("%s: a broken backend answers %q", op, answer)
			}
		}
	}
	restore()
	if _, err := f.ValidateSession(t.Context(), token); err != nil {
		t.Errorf("after recovery: %v", err)
	}
}

func testEndedContext(t *testing.T, f Fixture) {
	_, token := f.AddUser(t, "alice", "clerk")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.ValidateSession(ctx, token); !errors.Is(err, context.Canceled) || errors.Is(err, host.ErrUnauthenticated) {
		t.Errorf("ValidateSession: got %v, want context.Canceled", err)
	}
	if _, err := f.Draft(ctx, "d"); !errors.Is(err, context.Canceled) || errors.Is(err, host.ErrNotFound) {
		t.Errorf("Draft: got %v, want context.Canceled", err)
	}
}

func testHooks(t *testing.T, f Fixture) {
	var got []any
	cancel := f.Subscribe("realtime:room:created", func(_ context.Context, p any) { got = append(got, p) })
	for i := range 3 {
		if err := f.Emit(t.Context(), "realtime:room:created", i); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			cancel()
		}
	}
	if fmt.Sprint(got) != "[0 1]" {
		t.Errorf("got %v, want [0 1]", got)
	}
}

func testHealth(t *testing.T, f Fixture) {
	check := func(context.Context) host.HealthReport { return host.HealthReport{} }
	unregister, err := f.RegisterHealth("realtime", check)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.RegisterHealth("realtime", check); err == nil {
		t.Error("a taken name must be refused")
	}
	unregister()
	if _, err := f.RegisterHealth("realtime", check); err != nil {
		t.Errorf("the name must be free again: %v", err)
	}
}
