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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
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

// restored starts the service on what was unpacked from the backup, which was
// taken while people were at work: everything is there, and they go on.
func (m *machine) restored(dir string, s *server) {
	m.t.Helper()
	api, socket := freeAddr(m.t), freeAddr(m.t)
	m.must(os.Remove(filepath.Join(dir, ".system-data", "realtime.yml"))) // which wants the proxy
	again := &server{API: "http://" + api, Realtime: "ws://" + socket, Dir: dir, Users: s.Users, log: &lockedBuffer{}, exited: make(chan struct{})}
	again.cmd = exec.Command(binary(m.t), "serve", "--dir", dir, "--api-addr", api, "--realtime-addr", socket)
	again.cmd.Stderr = again.log
	m.must(again.cmd.Start())
	go func() { again.status = again.cmd.Wait(); close(again.exited) }()
	defer again.kill()
	m.sh("for i in $(seq 300); do curl -fsS http://" + api + "/ready && exit 0; sleep 0.1; done; exit 1")
	c := startClients(m.t)
	c.join(again, "alice", "alice", bylaw, true)
	if got := c.content("alice").XML; !strings.Contains(got, "Through nginx.A") || !strings.Contains(got, "Through nginx.B") {
		m.t.Errorf("after the restore the record is %s", got)
	}
	c.do("type", do{"client": "alice", "block": 0, "text": "Restored. "})
	c.do("saved", do{"client": "alice"})
	if code := again.stop(m.t, syscall.SIGTERM); code != 0 {
		m.t.Errorf("exit code %d", code)
	}
}
