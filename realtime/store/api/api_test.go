package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/api"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/realtime/store/storetest"
	"github.com/civicpress/realtimefx/yjs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

const token = "service-secret"

// far is the other server.
type far struct {
	store  *mem.Store
	url    string
	fail   atomic.Int32 // answer so many requests with 503
	asked  atomic.Int32
	isOpen atomic.Bool
}

func newFar(t testing.TB) *far {
	t.Helper()
	f := &far{store: mem.New()}
	h, err := api.NewHandler(api.HandlerOptions{Backend: f.store, Token: token, Open: func(string) bool { return f.isOpen.Load() }, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/records/{id}/collab-snapshot", func(w http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		if f.fail.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *far) open(t testing.TB, local store.Store) *api.Store {
	t.Helper()
	s, err := api.Open(api.Options{URL: f.url, Token: token, Local: local, Tries: 3, Backoff: time.Millisecond,
		Client: &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		f, local := newFar(t), mem.New()
		return storetest.Harness{Open: func() (store.Store, error) { return f.open(t, local.Reopen()), nil }}
	})
}

func state(t *testing.T, client uint64, text string, base []byte) []byte {
	t.Helper()
	doc := yjs.NewDoc(yjs.Options{ClientID: client})
	if base != nil {
		if err := doc.ApplyUpdate(base, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := doc.Transact(nil, func(tx *yjs.Transaction) error { return doc.Text("default").Insert(tx, 0, text, nil) }); err != nil {
		t.Fatal(err)
	}
	b, err := doc.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func length(t *testing.T, update []byte) int {
	t.Helper()
	doc := yjs.NewDoc(yjs.Options{})
	if err := doc.ApplyUpdate(update, nil); err != nil {
		t.Fatal(err)
	}
	return doc.Text("default").Len()
}

// TestAnotherNodeGoesOn saves on one node, goes on on another that knows
// nothing, and comes back to the first.
func TestAnotherNodeGoesOn(t *testing.T) {
	ctx, f := t.Context(), newFar(t)
	one, two := f.open(t, mem.New()), f.open(t, mem.New())
	defer one.Close()
	defer two.Close()
	const room = "records:a b/c"
	meta := store.Meta{Lineage: "L", Aux: []byte("aux")}
	seed := state(t, 1<<33, "seed", nil)
	if err := one.Create(ctx, room, meta, store.Snapshot{State: seed}); err != nil {
		t.Fatal(err)
	}
	first := state(t, 5, "one ", seed)
	if _, err := one.SaveSnapshot(ctx, store.Snapshot{Room: room, State: first, Seq: 1}, meta); err != nil {
		t.Fatal(err)
	}
	l, err := two.Load(ctx, room)
	if err != nil || l.LastSeq() != 1 || l.Meta.Lineage != "L" || string(l.Meta.Aux) != "aux" || length(t, l.Snapshot.State) != 8 {
		t.Fatalf("second node: %+v, %v", l, err)
	}
	if _, err := two.SaveSnapshot(ctx, store.Snapshot{Room: room, State: state(t, 6, "two ", first), Seq: 2}, meta); err != nil {
		t.Fatal(err)
	}
	if l, err = one.Load(ctx, room); err != nil || length(t, l.Snapshot.State) != 12 {
		t.Errorf("first node again: %+v, %v", l, err)
	}
	// The first still counts from 1: its state is refused there, kept here.
	if _, err := one.SaveSnapshot(ctx, store.Snapshot{Room: room, State: first, Seq: 1}, meta); !errors.Is(err, store.ErrSeqTaken) {
		t.Errorf("an older state was taken: %v", err)
	}
	// A room that the other server has open is its own.
	f.isOpen.Store(true)
	if _, err := two.SaveSnapshot(ctx, store.Snapshot{Room: room, State: first, Seq: 3}, meta); err == nil {
		t.Error("the other server's open room was overwritten")
	}
}

func TestFailures(t *testing.T) {
	ctx, f := t.Context(), newFar(t)
	local := mem.New()
	s := f.open(t, local)
	defer s.Close()
	const room = "records:a"
	if err := s.Create(ctx, room, store.Meta{}, store.Snapshot{State: []byte{0, 0}}); err != nil {
		t.Fatal(err)
	}
	f.fail.Store(2) // passes on the third try
	f.asked.Store(0)
	if _, err := s.SaveSnapshot(ctx, store.Snapshot{Room: room, State: []byte{0, 0}, Seq: 1}, store.Meta{}); err != nil || f.asked.Load() != 3 {
		t.Errorf("%v after %d requests, want success after 3", err, f.asked.Load())
	}
	f.fail.Store(100)
	if _, err := s.SaveSnapshot(ctx, store.Snapshot{Room: room, State: []byte{0, 0}, Seq: 2}, store.Meta{}); err == nil {
		t.Error("a snapshot that did not arrive is called saved")
	}
	if l, err := s.Load(ctx, room); err != nil || l.LastSeq() != 2 {
		t.Errorf("the local copy: %+v, %v", l, err)
	}
	if _, err := s.Load(ctx, "records:unknown"); err == nil || errors.Is(err, store.ErrNoRoom) {
		t.Errorf("no answer was taken for no room: %v", err)
	}
	f.fail.Store(0)
	if _, err := s.Load(ctx, "records:unknown"); !errors.Is(err, store.ErrNoRoom) {
		t.Errorf("load of an unknown room: %v", err)
	}
	wrong, err := api.Open(api.Options{URL: f.url, Token: "wrong", Local: mem.New(), Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	f.asked.Store(0)
	if _, err := wrong.Load(ctx, room); err == nil || !strings.Contains(err.Error(), "401") || f.asked.Load() != 1 {
		t.Errorf("wrong token: %v after %d requests; want one", err, f.asked.Load())
	}
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Load(short, room); err == nil {
		t.Error("load with an ended context")
	}
	for _, bad := range []api.Options{{}, {URL: "ftp://x", Token: "t", Local: local}, {URL: "http://x", Local: local}, {URL: "http://x", Token: "t"}} {
		if _, err := api.Open(bad); err == nil {
			t.Errorf("opened with %+v", bad)
		}
	}
}

func TestHandlerRefusesBadBodies(t *testing.T) {
	f := newFar(t)
	for body, want := range map[string]int{
		`not json`: http.StatusBadRequest,
		`{}`:       http.StatusBadRequest,
		`{"room_id":"records:a","snapshot_data":"AAA=","integrity_hash":"00","format_version":1}`:                                                           http.StatusBadRequest,
		`{"room_id":"records:a","snapshot_data":"","integrity_hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","format_version":2}`: http.StatusBadRequest,
		`{"room_id":"records:a","snapshot_data":"","integrity_hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","format_version":1}`: http.StatusOK,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/api/v1/records/a/collab-snapshot", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Close = true
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", body, response.StatusCode, want)
		}
	}
}
