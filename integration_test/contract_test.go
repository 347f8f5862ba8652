package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
)

// contract is docs/openapi.yml, ready to hold answers against. What an answer
// has and the document does not name counts as a fault here; clients are told
// nothing of the kind, so that later versions may add members.
var contract = sync.OnceValues(func() (validator.Validator, error) { return load(true) })

func load(strict bool) (validator.Validator, error) {
	source, err := os.ReadFile("../docs/openapi.yml")
	if err != nil {
		return nil, err
	}
	if strict {
		var all any
		if err := yaml.Unmarshal(source, &all); err != nil {
			return nil, err
		}
		closeSchemas(all)
		if source, err = json.Marshal(all); err != nil {
			return nil, err
		}
	}
	document, err := libopenapi.NewDocument(source)
	if err != nil {
		return nil, err
	}
	v, faults := validator.NewValidator(document, config.WithFormatAssertions(), config.WithStandardBodyDecoders())
	if len(faults) > 0 {
		return nil, fmt.Errorf("docs/openapi.yml: %v", faults)
	}
	return v, nil
}

// closeSchemas forbids members that a schema with members does not name.
func closeSchemas(node any) {
	switch node := node.(type) {
	case []any:
		for _, v := range node {
			closeSchemas(v)
		}
	case map[string]any:
		for _, v := range node {
			closeSchemas(v)
		}
		if _, ok := node["properties"].(map[string]any); ok && node["additionalProperties"] == nil {
			node["additionalProperties"] = false
		}
	}
}

// notAPI are the paths of pages.
var notAPI = []string{"/demo/", "/realtime/"}

// conforms holds an answer against docs/openapi.yml.
func conforms(t testing.TB, r *http.Request, response *http.Response, body []byte) {
	t.Helper()
	if response.StatusCode == http.StatusNotFound && !strings.HasPrefix(r.URL.Path, "/api/v1/") || slices.ContainsFunc(notAPI, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
		return
	}
	v, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	held := *response
	held.Body = io.NopCloser(bytes.NewReader(body))
	if ok, faults := v.ValidateHttpResponse(r, &held); !ok {
		t.Errorf("%s %s answers %d, which docs/openapi.yml does not allow: %s\n%s", r.Method, r.URL.Path, response.StatusCode, explain(faults), body)
	}
}

func explain(faults []*errors.ValidationError) string {
	var all []string
	for _, f := range faults {
		text := f.Message + " " + f.Reason
		for _, s := range f.SchemaValidationErrors {
			text += "; " + s.Reason + " at " + s.FieldPath
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

// An answer that the document does not describe is a fault.
func TestContractCanFail(t *testing.T) {
	v, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]bool{
		`{"success":true,"data":{"rooms":[],"total":0,"limit":9}}`:                 true,
		`{"success":true,"data":{"rooms":[],"total":"none","limit":9}}`:            false,
		`{"success":true,"data":{"rooms":[],"total":0,"limit":9,"more":"fields"}}`: false,
		`{"success":false,"data":{"rooms":[],"total":0,"limit":9}}`:                false,
	} {
		r := httptest.NewRequest("GET", "http://town.example/api/v1/realtime/rooms", http.NoBody)
		response := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: io.NopCloser(strings.NewReader(body))}
		if got, _ := v.ValidateHttpResponse(r, response); got != want {
			t.Errorf("%s: allowed %v, want %v", body, got, want)
		}
	}
}

// Every operation answers as docs/openapi.yml says, when it succeeds and when
// it refuses; request holds each answer against it.
func TestOpenAPIAnswers(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte(strings.Repeat("s", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	made := startDemo(t, dir)
	made.kill()
	if err := os.WriteFile(filepath.Join(dir, ".system-data", "realtime.yml"), []byte("snapshots:\n  api_token_file: "+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startDemo(t, dir)
	s.Users["service"] = demoUser{Token: strings.Repeat("s", 40)}
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	c.do("type", do{"client": "alice", "block": 0, "text": "Edited. "})
	c.do("saved", do{"client": "alice"})

	socket := *s
	socket.API = strings.Replace(s.Realtime, "ws://", "http://", 1)
	room, record := "/api/v1/realtime/rooms/records:"+bylaw, "/api/v1/records/"+bylaw
	other := otherThan(bylaw, s.Records)[0]
	carol := fmt.Sprintf("/api/v1/users/%d/set-password", s.Users["carol"].ID)
	for _, call := range []struct {
		s                        *server
		user, method, path, body string
		want                     int
	}{
		{s, "", "GET", "/api/v1/health", "", 200},
		{s, "", "GET", "/api/v1/health/detailed", "", 200},
		{s, "", "GET", "/ready", "", 200},
		{s, "", "GET", "/metrics", "", 200},
		{&socket, "", "GET", "/healthz", "", 200},
		{&socket, "", "GET", "/readyz", "", 200},
		{s, "", "POST", "/api/v1/auth/password", `{"username":"bob","password":"bob-demo"}`, 200},
		{s, "", "POST", "/api/v1/auth/password", `{"username":"bob","password":"wrong"}`, 401},
		{s, "", "POST", "/api/v1/auth/password", `{`, 400},
		{s, "alice", "GET", "/api/v1/auth/me", "", 200},
		{s, "", "GET", "/api/v1/auth/me", "", 401},
		{s, "dave", "POST", carol, `{"newPassword":"Another-Passw0rd!"}`, 200},
		{s, "alice", "POST", carol, `{"newPassword":"Another-Passw0rd!"}`, 403},
		{s, "dave", "POST", "/api/v1/users/999/set-password", `{"newPassword":"Another-Passw0rd!"}`, 404},
		{s, "", "GET", "/api/v1/records", "", 200},
		{s, "alice", "GET", "/api/v1/records?limit=2", "", 200},
		{s, "alice", "GET", "/api/v1/records?limit=none", "", 400},
		{s, "alice", "POST", "/api/v1/records", `{"title":"New","type":"bylaw","markdownBody":"Text.\n"}`, 201},
		{s, "", "POST", "/api/v1/records", `{}`, 403},
		{s, "alice", "GET", record, "", 200},
		{s, "alice", "GET", record + "?edit=true", "", 200},
		{s, "alice", "GET", "/api/v1/records/none", "", 404},
		{s, "alice", "PUT", "/api/v1/records/" + other + "/draft", `{"title":"Another title"}`, 200},
		{s, "alice", "GET", "/api/v1/records/" + other + "?edit=true", "", 200},
		{s, "alice", "DELETE", "/api/v1/records/" + other + "/draft", "", 200},
		{s, "alice", "DELETE", "/api/v1/records/" + other + "/draft", "", 404},
		{s, "alice", "POST", record + "/snapshot", "", 200},
		{s, "", "POST", record + "/snapshot", "", 401},
		{s, "alice", "POST", record + "/publish", "", 200},
		{s, "alice", "POST", "/api/v1/records/none/publish", "", 404},
		{s, "service", "GET", record + "/collab-snapshot", "", 200},
		{s, "service", "GET", "/api/v1/records/none/collab-snapshot", "", 404},
		{s, "alice", "GET", record + "/collab-snapshot", "", 401},
		{s, "service", "POST", record + "/collab-snapshot", `{}`, 400},
		{s, "service", "DELETE", record + "/collab-snapshot", "", 409},
		{s, "dave", "GET", "/api/v1/realtime/rooms", "", 200},
		{s, "alice", "GET", "/api/v1/realtime/rooms", "", 403},
		{s, "alice", "GET", room + "/presence", "", 200},
		{s, "alice", "GET", "/api/v1/realtime/rooms/records:none/presence", "", 404},
		{s, "alice", "GET", room + "/markdown", "", 200},
		{s, "dave", "GET", "/api/v1/realtime/stats", "", 200},
		{s, "dave", "GET", "/api/v1/realtime/stats?history=0", "", 200},
		{s, "bob", "POST", "/api/v1/auth/logout", "", 200},
	} {
		if got, body := call.s.request(t, call.user, call.method, call.path, call.body); got != call.want {
			t.Errorf("%s %s: %d, want %d\n%s", call.method, call.path, got, call.want, body)
		}
	}
}

// The document is a valid one by the OpenAPI specification.
func TestOpenAPIDocument(t *testing.T) {
	v, err := load(false)
	if err != nil {
		t.Fatal(err)
	}
	if ok, faults := v.ValidateDocument(); !ok {
		t.Error(explain(faults))
	}
}
