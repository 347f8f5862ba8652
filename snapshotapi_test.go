package realtimefx

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

// TestSnapshotInterfaceBothEnds has one plugin's store keep its snapshots with
// another.
func TestSnapshotInterfaceBothEnds(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("0123456789abcdef\n")
	log := slog.New(slog.DiscardHandler)
	kept := mem.New()
	serving := &snapshotAPI{}
	mux := http.NewServeMux()
	mux.Handle("/api/v1/records/{id}/collab-snapshot", serving)
	server := httptest.NewServer(mux)
	defer server.Close()
	part := serving.serve(file, &storage{Store: kept}, func(string) bool { return false }, log)
	if err := part.start(t.Context()); err != nil {
		t.Fatal(err)
	}

	c := config.Snapshots{Storage: config.StorageAPI, APIURL: server.URL, APITokenFile: "token"}
	s, err := newStorage(c, nil, dir, false, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), "records:a", store.Meta{Lineage: "L"}, store.Snapshot{State: []byte{0, 0}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveSnapshot(t.Context(), store.Snapshot{Room: "records:a", State: []byte{0, 0}, Seq: 3}, store.Meta{Lineage: "L"}); err != nil {
		t.Fatal(err)
	}
	if l, err := kept.Load(t.Context(), "records:a"); err != nil || l.LastSeq() != 3 || l.Meta.Lineage != "L" {
		t.Errorf("the other server has %+v, %v", l, err)
	}
	if err := s.close(context.Background()); err != nil {
		t.Fatal(err)
	}
	write("short")
	if err := s.open(t.Context()); err == nil || !strings.Contains(err.Error(), "16") {
		t.Errorf("a short token was taken: %v", err)
	}
	c.APITokenFile = "absent"
	s, err = newStorage(c, nil, dir, false, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.open(t.Context()); err == nil || !strings.Contains(err.Error(), "api_token_file") {
		t.Errorf("a missing token: %v", err)
	}
}
