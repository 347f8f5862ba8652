package integration_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
)

// neighbour stands for the Node core and its interface on ports 3000 and 3030.
// It answers everything with one line; once it has an editor, it shows this
// program's pages where the town has its interface, and this program's
// implementation of the core's API.
type neighbour struct {
	editor atomic.Pointer[httputil.ReverseProxy]
}

func (n *neighbour) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	editor := n.editor.Load()
	switch {
	case editor == nil:
		fmt.Fprintf(w, "core answers %s %s\n", r.Method, r.URL.Path)
	case r.URL.Path == "/demo/config.json": // not a demo: socket and API are where the page is
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, "{}")
	default:
		editor.ServeHTTP(w, r)
	}
}

// key is the fingerprint of the site's key, for browsers that are to trust
// this certificate and no other.
func (m *machine) key() string {
	m.t.Helper()
	block, _ := pem.Decode([]byte(readFile(m.t, m.path("etc/ssl/town.example/fullchain.pem"))))
	certificate, err := x509.ParseCertificate(block.Bytes)
	m.must(err)
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// browsers opens one record in two browsers, one light and one dark, over TLS
// and nginx as the guide has set it up, and lets two people sign in with their
// passwords and type. Both see both, both are told "saved", and the draft is
// to the byte what they see.
func (m *machine) browsers(s *server) {
	m.t.Helper()
	direct, err := url.Parse(m.rewrite.Replace("http://127.0.0.1:3002"))
	m.must(err)
	m.neighbour.editor.Store(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(direct) }})
	defer m.neighbour.editor.Store(nil)
	at := *s
	at.API = direct.String()
	v, before := visitTo(m.t, &at)
	v.Editor, v.TrustKey = "https://"+m.site, m.key()
	v.Passwords = map[string]string{"alice": "alice-demo", "bob": "bob-demo"}
	var seen struct {
		Line    string   `json:"line"`
		Sockets []string `json:"sockets"`
	}
	browse(m.t, "through the proxy", v, nil, &seen)

	for _, typed := range []string{"Alice types over TLS. ", "Bob does as well. "} {
		if !strings.Contains(seen.Line, typed) {
			m.t.Errorf("the paragraph lacks %q: %q", typed, seen.Line)
		}
	}
	want := strings.Replace(before, v.Text, seen.Line, 1)
	if got, ok := draftRow(m.t, &at, v.Record); !ok || got != want {
		m.t.Errorf("draft of %s: %s", v.Record, diffLine(got, want))
	}
	if len(seen.Sockets) != 2 {
		m.t.Errorf("the pages opened %d sockets: %q", len(seen.Sockets), seen.Sockets)
	}
	for _, socket := range seen.Sockets {
		if !strings.HasPrefix(socket, "wss://"+m.site+"/realtime/records/"+v.Record) {
			m.t.Errorf("a page opened a socket to %s", socket)
		}
	}
}
