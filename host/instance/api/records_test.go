package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/host"
)

func TestListRecords(t *testing.T) {
	s := newSite(t, Options{})
	list := func(user, query string) map[string]map[string]any {
		t.Helper()
		out := map[string]map[string]any{}
		for _, r := range s.data(t, user, "GET", "/records"+query, "")["records"].([]any) {
			r := r.(map[string]any)
			out[r["id"].(string)] = r
		}
		return out
	}
	public := list("", "")
	if len(public) != 7 || public["snow-policy"] != nil || public["noise-bylaw"]["isDraft"] != false {
		t.Errorf("got %v", slices.Sorted(maps.Keys(public)))
	}
	if got := list("carol", ""); len(got) != 7 {
		t.Errorf("a viewer sees %v", slices.Sorted(maps.Keys(got)))
	}
	if got := list("alice", ""); len(got) != 8 || got["snow-policy"]["isDraft"] != true {
		t.Errorf("a clerk sees %v", slices.Sorted(maps.Keys(got)))
	}
	if got := list("alice", "?type=minutes"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	page := s.data(t, "alice", "GET", "/records?limit=5", "")
	rest := list("alice", "?limit=5&after="+page["next"].(string))
	if len(page["records"].([]any)) != 5 || len(rest) != 3 {
		t.Errorf("pages of 5: %d and %d", len(page["records"].([]any)), len(rest))
	}
}

func TestGetRecord(t *testing.T) {
	s := newSite(t, Options{})
	got := s.data(t, "carol", "GET", "/records/noise-bylaw", "")
	if got["title"] != "Bylaw 2025-14: Noise and Nuisance Control" || got["isDraft"] != false || got["hasUnpublishedChanges"] != false ||
		!strings.HasPrefix(got["content"].(string), "# Bylaw 2025-14") || got["path"] != "records/bylaw/2025/noise-bylaw.md" {
		t.Errorf("got %v", got)
	}
	if authors, ok := got["authors"].([]any); !ok || len(authors) != 2 {
		t.Errorf("got authors %v", got["authors"])
	}
	if files := got["attachedFiles"].([]any); len(files) != 1 {
		t.Errorf("got %v", files)
	}
	if _, has := got["markdownBody"]; has {
		t.Error("markdownBody is for editors")
	}
	if _, has := s.data(t, "carol", "GET", "/records/noise-bylaw?edit=true", "")["markdownBody"]; has {
		t.Error("a viewer asked for edit and got it")
	}
	if got := s.data(t, "alice", "GET", "/records/noise-bylaw?edit=true", ""); got["markdownBody"] != got["content"] {
		t.Errorf("got %v", got)
	}
	draft := s.data(t, "alice", "GET", "/records/snow-policy?edit=true", "")
	if draft["isDraft"] != true || draft["created_by"] != fmt.Sprint(s.ids["alice"]) || !strings.Contains(draft["markdownBody"].(string), "Sidewalks") {
		t.Errorf("got %v", draft)
	}
	s.want(t, "carol", "GET", "/records/snow-policy?edit=true", "", 404, "RECORD_NOT_FOUND")
}

// TestFromDraftToArchive goes the whole way: draft, its fields, publish, file,
// Git, hooks, audit.
func TestFromDraftToArchive(t *testing.T) {
	var flushed []string
	s := newSite(t, Options{BeforePublish: func(_ context.Context, id string) error {
		flushed = append(flushed, id)
		return nil
	}})
	var events []string
	for _, e := range []string{host.EventDraftCreated, host.EventDraftUpdated, host.EventDraftDeleted, host.EventRecordUpdated, host.EventRecordPublished, host.EventRecordCommitted} {
		s.in.Subscribe(e, func(_ context.Context, p any) {
			events = append(events, e)
			if ev := p.(host.RecordEvent); ev.RecordID != "heritage-policy" || ev.UserID != s.ids["alice"] {
				t.Errorf("%s: %+v", e, ev)
			}
		})
	}
	before := s.data(t, "alice", "GET", "/records/heritage-policy", "")
	file := filepath.Join(s.in.Layout().DataDir, filepath.FromSlash(before["path"].(string)))
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	newBody := strings.Replace(before["content"].(string), "500 words", "600 words", 1)
	body, err := json.Marshal(map[string]string{"markdownBody": newBody})
	if err != nil {
		t.Fatal(err)
	}
	draft := s.data(t, "alice", "PUT", "/records/heritage-policy/draft", string(body))
	if draft["title"] != before["title"] || draft["status"] != "reviewed" || fmt.Sprint(draft["metadata"]) != fmt.Sprint(before["metadata"]) {
		t.Errorf("the first draft did not take over the record's fields: %v", draft)
	}
	s.data(t, "alice", "PUT", "/records/heritage-policy/draft", string(body))
	if got := s.data(t, "alice", "GET", "/records/heritage-policy", ""); got["hasUnpublishedChanges"] != true || got["content"] != before["content"] {
		t.Error("a draft must not change the published text")
	}
	s.data(t, "alice", "DELETE", "/records/heritage-policy/draft", "")
	s.data(t, "alice", "PUT", "/records/heritage-policy/draft", string(body))

	s.want(t, "carol", "POST", "/records/heritage-policy/publish", "", 403, "INSUFFICIENT_PERMISSIONS")
	done := s.data(t, "alice", "POST", "/records/heritage-policy/publish", "")
	if done["content"] != newBody || len(done["commit"].(string)) != 40 || done["hasUnpublishedChanges"] != false {
		t.Errorf("got %v", done)
	}
	now, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	oldLines, newLines := strings.Split(string(old), "\n"), strings.Split(string(now), "\n")
	changed := 0
	for i := range oldLines {
		if i >= len(newLines) || oldLines[i] != newLines[i] {
			changed++
		}
	}
	if len(oldLines) != len(newLines) || changed != 2 {
		t.Errorf("%d lines changed, want 2: the text and the time stamp", changed)
	}
	want := []string{host.EventDraftCreated, host.EventDraftUpdated, host.EventDraftDeleted, host.EventDraftCreated,
		host.EventRecordUpdated, host.EventRecordPublished, host.EventRecordCommitted}
	if !slices.Equal(events, want) {
		t.Errorf("got %q, want %q", events, want)
	}
	if !slices.Equal(flushed, []string{"heritage-policy"}) {
		t.Errorf("the open document was flushed for %q", flushed)
	}
	if got := rows(t, s, `SELECT group_concat(action, ' ') FROM audit_logs WHERE resource_id = 'heritage-policy' AND user_id = 1`); got != "draft:saved draft:saved draft:deleted draft:saved record:published" {
		t.Errorf("got audit %q", got)
	}
}

func TestNewRecord(t *testing.T) {
	s := newSite(t, Options{})
	s.want(t, "carol", "POST", "/records", `{"title":"A","type":"memo"}`, 403, "INSUFFICIENT_PERMISSIONS")
	s.want(t, "alice", "POST", "/records", `{"title":"A"}`, 400, "Title and type")
	d := s.data(t, "alice", "POST", "/records", `{"title":"A","type":"memo","markdownBody":"Hi"}`)
	id := d["id"].(string)
	s.want(t, "bob", "GET", "/records/"+id, "", 404, "")
	s.want(t, "bob", "POST", "/records/"+id+"/publish", `{"status":"approved"}`, 200, `"status":"approved"`)
	s.want(t, "", "GET", "/records/"+id, "", 200, `"content":"Hi"`)
}

func TestPublishStopsIfTheRoomCannotBeFlushed(t *testing.T) {
	s := newSite(t, Options{BeforePublish: func(context.Context, string) error { return errors.New("disk full") }})
	s.data(t, "alice", "PUT", "/records/noise-bylaw/draft", `{"markdownBody":"x"}`)
	s.want(t, "alice", "POST", "/records/noise-bylaw/publish", "", 503, "correlationId")
	s.want(t, "alice", "GET", "/records/noise-bylaw?edit=true", "", 200, `"markdownBody":"x"`)
}

func TestLimitsAndCrossOrigin(t *testing.T) {
	s := newSite(t, Options{MaxBody: 100, AllowedOrigins: []string{"http://localhost:3030", "https://*.town.example"}})
	s.want(t, "alice", "PUT", "/records/noise-bylaw/draft", `{"markdownBody":"`+strings.Repeat("x", 200)+`"}`, 413, "PAYLOAD_TOO_LARGE")

	ask := func(method, origin string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, Prefix+"/records", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "PUT")
		return s.send(r)
	}
	if w := ask("OPTIONS", "http://localhost:3030"); w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "http://localhost:3030" ||
		!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization") || w.Header().Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if w := ask("GET", "http://localhost:3030"); w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if w := ask("GET", "https://clerk.town.example"); w.Header().Get("Access-Control-Allow-Origin") != "https://clerk.town.example" {
		t.Errorf("a host of the pattern: got %v", w.Header())
	}
	for _, origin := range []string{"http://localhost:3031", "http://evil.example", "null", "https://town.example", "http://a.town.example"} {
		if w := ask("OPTIONS", origin); w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Vary") != "Origin" {
			t.Errorf("%s: got %v", origin, w.Header())
		}
	}
}

func TestMountAndHealth(t *testing.T) {
	s := newSite(t, Options{Version: "v1.2.3"})
	plugin := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Method, " ", r.URL.Path)
		if r.URL.Path == "/realtime/panic" {
			panic("plugin")
		}
	})
	for _, pattern := range []string{"POST /records/{id}/snapshot", "/realtime/"} {
		if err := s.Mount(pattern, plugin); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"GET /records/{name}", "/realtime/", "GET /{", ""} {
		if err := s.Mount(pattern, plugin); err == nil {
			t.Errorf("%q: want an error", pattern)
		}
	}
	s.want(t, "alice", "POST", "/records/noise-bylaw/snapshot", "", 200, "POST /records/noise-bylaw/snapshot")
	s.want(t, "", "GET", "/realtime/rooms/x", "", 200, "GET /realtime/rooms/x")
	s.want(t, "", "GET", "/realtime/panic", "", 200, "SERVICE_UNAVAILABLE")

	s.want(t, "", "GET", "/health", "", 200, `"status":"healthy"`)
	s.want(t, "", "GET", "/health/detailed", "", 200, `"core":{"details":{"database_ms":`)
	report := host.HealthReport{Status: host.Degraded, Reasons: []string{"The journal lags."}}
	cancel, err := s.in.RegisterHealth("realtime", func(context.Context) host.HealthReport { return report })
	if err != nil {
		t.Fatal(err)
	}
	s.want(t, "", "GET", "/health/detailed", "", 200, `"status":"degraded"`)
	s.want(t, "", "GET", "/health/detailed", "", 200, `"realtime":{"details":null,"reasons":["The journal lags."],"status":"degraded"}`)
	report.Status = host.Unhealthy
	s.want(t, "", "GET", "/health/detailed", "", 503, `"version":"v1.2.3"`)
	s.want(t, "", "GET", "/health", "", 200, `"status":"healthy"`)
	cancel()
	s.want(t, "", "GET", "/health/detailed", "", 200, `"status":"healthy"`)
}

func TestBackendDownIsNoRefusal(t *testing.T) {
	s := newSite(t, Options{})
	if err := s.in.DB().Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/auth/me", "/records", "/records/noise-bylaw"} {
		s.want(t, "alice", "GET", path, "", 503, "SERVICE_UNAVAILABLE")
	}
	s.want(t, "", "POST", "/auth/password", `{"username":"alice","password":"alice-demo"}`, 503, "SERVICE_UNAVAILABLE")
	s.want(t, "", "GET", "/health/detailed", "", 503, "The database does not answer")
	s.want(t, "", "GET", "/health", "", 200, "healthy")
}
