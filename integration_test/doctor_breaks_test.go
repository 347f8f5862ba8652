package integration_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// patient is an instance that is broken in one way after the other, and what
// the doctor says of it.
type patient struct {
	t    *testing.T
	dir  string
	said *strings.Builder // everything, with what differs from run to run taken out
}

// says wants a line of the doctor's, and the exit status that its grade has.
func (p *patient) says(code int, want string, args ...string) {
	p.t.Helper()
	got, out, stderr := runOnce(p.t, nil, append([]string{"doctor", "--dir", p.dir}, args...)...)
	p.said.WriteString(alike(strings.ReplaceAll(out, p.dir, "/srv/civicpress")))
	if got != code || !strings.Contains("\n"+out, "\n"+want) {
		p.t.Errorf("the doctor ends with %d and does not say %q (%d):\n%s%s", got, want, code, out, stderr)
	}
}

// alike makes outputs comparable that differ in numbers, ports and times only.
func alike(out string) string {
	return regexp.MustCompile(`\d+`).ReplaceAllString(out, "N") + "\n"
}

// settings writes realtime.yml.
func (p *patient) settings(text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, ".system-data", "realtime.yml"), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// The symptoms of docs/troubleshooting.md, made on purpose: the doctor names
// the cause of each.
func TestDoctorNamesTheCause(t *testing.T) {
	p := &patient{t, t.TempDir(), &strings.Builder{}}
	s := startDemo(t, p.dir)
	at := func(url string) string { return url[strings.LastIndex(url, "/")+1:] }
	well := []string{"--api-addr", at(s.API), "--realtime-addr", at(s.Realtime)}
	p.says(0, "ok       socket: the server on "+at(s.Realtime)+" takes editors", well...)
	p.says(0, "ok       server: 0 documents of at most 100 are open, 0 sockets, ", well...)

	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	p.settings("host: 0.0.0.0\n")
	block := len(c.content("alice").Blocks) - 1
	c.do("type", do{"client": "alice", "block": block, "text": " Ahead."})
	c.do("saved", do{"client": "alice"})
	p.says(0, "note     "+bylaw+": the document is ahead of the published text", well...)
	snapshot(t, s, "alice", bylaw)
	p.says(0, "ok       "+bylaw+": document and draft are the same", well...)

	// A record opens empty: somebody has deleted everything.
	c.do("clear", do{"client": "alice"})
	c.do("saved", do{"client": "alice"})
	p.says(0, "note     "+bylaw+": the document is empty and what is published is not", well...)
	p.says(0, "ok       server: 1 documents of at most 100 are open, 1 sockets, ", well...)
	s.stop(t, syscall.SIGTERM)

	// Clients cannot connect: nobody is there.
	p.says(0, "note     socket: nobody answers on "+at(s.Realtime)+": the service does not run", well[2:]...)
	p.says(3, "problem  server: does not answer on "+at(s.API), well...)
	// Another program has the port; one that speaks HTTP, and one that does not.
	node := httptest.NewServer(http.NotFoundHandler())
	defer node.Close()
	p.says(0, "note     socket: another program answers on "+node.Listener.Addr().String(), "--realtime-addr", node.Listener.Addr().String())
	p.says(3, "problem  server: what answers on "+node.Listener.Addr().String()+" is not this server", "--api-addr", node.Listener.Addr().String())
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	go func() {
		for {
			conn, err := mute.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("220 mail ready\r\n"))
			conn.Close()
		}
	}()
	p.says(0, "note     socket: another program answers on "+mute.Addr().String(), "--realtime-addr", mute.Addr().String())

	// The configuration, wrong in three ways.
	p.settings("rooms:\n  max_room: 3\n")
	p.says(3, "problem  "+filepath.Join(p.dir, ".system-data", "realtime.yml")+":2")
	p.settings("require_tls: true\n")
	p.says(0, "note     realtime.yml: require_tls is on and trusted_proxies is empty")
	p.settings("host: 127.0.0.1\n")
	p.says(0, "note     realtime.yml: host is 127.0.0.1, so everybody comes through a proxy")
	p.settings("enabled: false\n")
	p.says(0, "note     realtime.yml: realtime editing is switched off")

	// High memory: every document that may be open is.
	p.settings("rooms:\n  max_rooms: 1\n")
	s = startDemo(t, p.dir)
	well = []string{"--api-addr", at(s.API), "--realtime-addr", at(s.Realtime)}
	c.join(s, "again", "alice", bylaw, true)
	p.says(3, "problem  server: realtime is degraded: all 1 rooms are in use", well...)
	p.says(3, "note     server: nearly all documents that rooms.max_rooms allows are open", well...)
	s.stop(t, syscall.SIGTERM)

	// Nobody's login is valid: the secret is not there.
	if err := os.Remove(filepath.Join(p.dir, ".system-data", "secrets.yml")); err != nil {
		t.Fatal(err)
	}
	p.says(3, "problem  open instance: no root secret")
	t.Run("full disk", func(t *testing.T) { onAFullDisk(t, p.said) })

	// Every line that the page shows is one that was seen.
	shown := 0
	for line := range strings.Lines(readFile(t, "../docs/troubleshooting.md")) {
		if !regexp.MustCompile(`^(ok|note|problem) {2,}`).MatchString(line) {
			continue
		}
		shown++
		if !strings.Contains(p.said.String(), alike(strings.TrimSpace(line))) && (os.Geteuid() == 0 || !strings.Contains(line, "disk")) {
			t.Errorf("docs/troubleshooting.md shows a line that the doctor did not print:\n%s", line)
		}
	}
	if shown < 15 {
		t.Errorf("docs/troubleshooting.md shows %d lines of the doctor's", shown)
	}
}

// "Saved" never appears: the disk is full.
func onAFullDisk(t *testing.T, said *strings.Builder) {
	if os.Geteuid() != 0 {
		t.Skip("a small file system can be mounted by root only")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	p := &patient{t, filepath.Join(dir, "town"), said}
	s := startDemo(t, p.dir, "--unlimited")
	well := []string{"--api-addr", strings.TrimPrefix(s.API, "http://"), "--realtime-addr", strings.TrimPrefix(s.Realtime, "ws://")}
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	p.says(0, "note     disk: ", well...)
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	p.says(3, "problem  disk: "+filepath.Join(p.dir, ".system-data")+" has 0 MiB left: edits cannot be saved", well...)
	// What the log has allocated already can still be written; then it fails.
	for i := 0; ; i++ {
		if i == 300 {
			t.Fatal("the journal does not notice that the disk is full")
		}
		c.do("type", do{"client": "alice", "block": 1, "text": strings.Repeat("words ", 100)})
		if _, body := s.request(t, "", "GET", "/api/v1/health/detailed", ""); strings.Contains(body, "edits cannot be stored") {
			break
		}
	}
	p.says(3, "problem  server: realtime is degraded: edits cannot be stored since ", well...)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	c.do("saved", do{"client": "alice"})
	snapshot(t, s, "alice", bylaw)
	p.says(0, "ok       server: 1 documents are open, 1 sockets, ", well...)
}
