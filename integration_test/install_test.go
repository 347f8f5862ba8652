package integration_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machine is a folder that stands for a town's server: what the guide writes
// to /etc, /srv and /usr/local lands there, its ports are free ones, and
// systemctl runs what the units say.
type machine struct {
	t       *testing.T
	root    string
	rewrite *strings.Replacer
	site    string // host:port of the proxy
	env     []string
	core    *httptest.Server // stands for the Node core and its interface

	neighbour *neighbour // what core answers
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir(), site: freeAddr(t), neighbour: &neighbour{}}
	for _, dir := range []string{"etc/nginx/sites-available", "etc/systemd/system", "etc/ssl/town.example", "usr/local/bin", "shim", "run", "home"} {
		m.must(os.MkdirAll(m.path(dir), 0o755))
	}
	m.core = httptest.NewServer(m.neighbour)
	t.Cleanup(m.core.Close)
	port := func(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }
	socket, http2 := freeAddr(t), freeAddr(t)
	m.rewrite = strings.NewReplacer(
		"/etc/ssl", m.path("etc/ssl"), "/etc/nginx", m.path("etc/nginx"), "/etc/systemd", m.path("etc/systemd"),
		"/srv/civicpress", m.path("srv/civicpress"), "/usr/local/bin", m.path("usr/local/bin"),
		"127.0.0.1:3000", m.core.Listener.Addr().String(), "127.0.0.1:3030", m.core.Listener.Addr().String(),
		"127.0.0.1:3001", socket, "127.0.0.1:3002", http2,
		"listen 80;", "listen "+freeAddr(t)+";", "listen 443 ssl", "listen "+m.site+" ssl",
		"https://town.example", "https://"+m.site,
		"host: 127.0.0.1", "host: 127.0.0.1\nport: "+port(socket),
		"town.example {", "{\n\tadmin off\n\tauto_https off\n}\nhttps://"+m.site+" {\n\tbind 127.0.0.1\n\ttls "+m.path("etc/ssl/town.example/fullchain.pem")+" "+m.path("etc/ssl/town.example/privkey.pem"),
	)
	m.certificate()
	m.env = append(os.Environ(), "PATH="+m.path("shim")+":"+m.path("usr/local/bin")+":"+os.Getenv("PATH"),
		"CURL_CA_BUNDLE="+m.path("etc/ssl/town.example/fullchain.pem"), "NOTIFY_SOCKET=", "REALTIME_ENABLED=")
	return m
}

func (m *machine) path(p string) string { return filepath.Join(m.root, filepath.FromSlash(p)) }

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) write(name, text string, mode fs.FileMode) {
	m.t.Helper()
	m.must(os.WriteFile(m.path(name), []byte(text), mode))
}

// certificate makes one for the loopback address.
func (m *machine) certificate() {
	m.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	m.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "town.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	m.must(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	m.must(err)
	m.write("etc/ssl/town.example/fullchain.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644)
	m.write("etc/ssl/town.example/privkey.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), 0o600)
}

// sh runs a script as the town's administrator would, in the folder home.
func (m *machine) sh(script string) string {
	m.t.Helper()
	script = m.rewrite.Replace(script)
	script = regexp.MustCompile(`\bsudo (-u \w+ )?`).ReplaceAllString(script, "")
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script+"\npwd >"+m.path("run/pwd"))
	cmd.Dir = m.path("home")
	if b, err := os.ReadFile(m.path("run/pwd")); err == nil {
		cmd.Dir = strings.TrimSpace(string(b))
	}
	cmd.Env = m.env
	// Services that a script starts keep the output open; a file does not mind.
	out, err := os.Create(m.path("run/output"))
	m.must(err)
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	b, _ := os.ReadFile(out.Name())
	if err != nil {
		log, _ := os.ReadFile(m.path("run/civicpress-realtime.log"))
		m.t.Fatalf("%v in\n%s\n%s\nlog of the service:\n%s", err, script, b, log)
	}
	return string(b)
}

// services puts systemctl and nginx in place.
func (m *machine) services() {
	m.t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		lacking(m.t, "nginx is not installed (Debian: apt-get install nginx): the guide cannot be followed")
	}
	m.write("etc/nginx/nginx.conf", fmt.Sprintf(`pid %[1]s/run/nginx.pid;
error_log %[1]s/run/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/run/body; proxy_temp_path %[1]s/run/proxy; fastcgi_temp_path %[1]s/run/f; uwsgi_temp_path %[1]s/run/u; scgi_temp_path %[1]s/run/s;
  include %[1]s/etc/nginx/sites-available/civicpress;
}
`, m.root), 0o644)
	m.write("etc/nginx/sites-available/civicpress", "# the site before\n", 0o644)
	m.write("etc/systemd/system/civicpress.service", "[Service]\n", 0o644)
	m.write("shim/nginx", fmt.Sprintf("#!/bin/sh\nexec %s -e %[2]s/run/nginx.log -c %[2]s/etc/nginx/nginx.conf \"$@\"\n", nginx, m.root), 0o755)
	m.write("shim/systemctl", strings.ReplaceAll(`#!/bin/bash
set -eu
run=ROOT/run units=ROOT/etc/systemd/system
verb=$1; shift
[ "${1:-}" = --now ] && shift
unit=${1:-}
start() {
  exec_start=$(sed -n 's/^ExecStart=//p' $units/$unit.service)
  setsid $exec_start >>$run/$unit.log 2>&1 </dev/null &
  echo $! >$run/$unit.pid
  address=$(sed -n 's/.*--api-addr \([^ ]*\).*/\1/p' <<<"$exec_start")
  for i in $(seq 300); do curl -fsS http://$address/ready >/dev/null 2>&1 && return 0; kill -0 $! || return 1; sleep 0.2; done
  return 1
}
stop() {
  pid=$(cat $run/$unit.pid); kill -TERM $pid
  for i in $(seq 300); do kill -0 $pid 2>/dev/null || return 0; sleep 0.2; done
  return 1
}
case "$verb $unit" in
"daemon-reload ") ;;
"enable civicpress-realtime") start ;;
"disable civicpress-realtime") stop ;;
"restart civicpress-realtime") stop; start ;;
"is-active civicpress-realtime") kill -0 $(cat $run/$unit.pid) && echo active ;;
"restart civicpress")
  cat $units/civicpress.service.d/*.conf >$run/civicpress.environment 2>/dev/null || true ;;
"reload nginx")
  if [ -s $run/nginx.pid ]; then nginx -s reload; else nginx; fi ;;
*) echo "systemctl $verb $unit: the guide says something that this test does not know"; exit 1 ;;
esac
`, "ROOT", m.root), 0o755)
	m.write("shim/journalctl", "#!/bin/sh\ncat "+m.path("run/civicpress-realtime.log")+"\n", 0o755)
	m.t.Cleanup(func() {
		for _, name := range []string{"nginx.pid", "civicpress-realtime.pid"} {
			var pid int
			b, _ := os.ReadFile(m.path("run/" + name))
			if _, err := fmt.Sscan(string(b), &pid); err == nil {
				_ = syscall.Kill(pid, syscall.SIGTERM)
			}
		}
	})
}

// release makes the archive of a release for the binary under test, with the
// machine's paths and ports in the files of deploy/.
func (m *machine) release() {
	m.t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	add := func(name, source string, mode int64, adapt bool) {
		body, err := os.ReadFile(source)
		m.must(err)
		if adapt {
			body = []byte(m.rewrite.Replace(string(body)))
		}
		m.must(tw.WriteHeader(&tar.Header{Name: "civicpress-linux-amd64/" + name, Mode: mode, Size: int64(len(body))}))
		_, err = tw.Write(body)
		m.must(err)
	}
	add("civicpress", binary(m.t), 0o755, false)
	m.must(filepath.WalkDir("../deploy", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			add(strings.TrimPrefix(filepath.ToSlash(p), "../"), p, 0o644, true)
		}
		return err
	}))
	m.must(tw.Close())
	m.must(zw.Close())
	m.must(os.WriteFile(m.path("home/civicpress-linux-amd64.tar.gz"), b.Bytes(), 0o644))
}

// shellBlocks returns the commands of a page, in order, by the heading they
// stand under.
func shellBlocks(t *testing.T, page string) (blocks []struct{ heading, script string }) {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	heading, inside := "", false
	for line := range strings.Lines(string(b)) {
		switch {
		case inside && strings.HasPrefix(line, "```"):
			inside = false
		case inside:
			blocks[len(blocks)-1].script += line
		case line == "```sh\n":
			inside = true
			blocks = append(blocks, struct{ heading, script string }{heading, ""})
		case strings.HasPrefix(line, "## "):
			heading = strings.TrimSpace(line[3:])
		}
	}
	return blocks
}

// instance makes what the town has already, and returns its logins.
func (m *machine) instance() *server {
	m.t.Helper()
	made := startDemo(m.t, m.path("srv/civicpress"))
	if code := made.stop(m.t, syscall.SIGTERM); code != 0 {
		m.t.Fatalf("the demo ended with %d", code)
	}
	return &server{Realtime: "wss://" + m.site, Users: made.Users, Dir: made.Dir, Records: otherThan(bylaw, made.Records)}
}

// otherThan leaves a record out.
func otherThan(left string, records []string) []string {
	return slices.DeleteFunc(slices.Clone(records), func(id string) bool { return id == left })
}

// bothEdit lets two clerks edit one record through the proxy.
func bothEdit(t *testing.T, s *server, text string) {
	t.Helper()
	t.Setenv("NODE_TLS_REJECT_UNAUTHORIZED", "0")
	t.Setenv("NODE_NO_WARNINGS", "1")
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	c.join(s, "bob", "bob", bylaw, true)
	block := len(c.content("alice").Blocks) - 1
	c.do("type", do{"client": "alice", "block": block, "text": " " + text + "A"})
	c.do("type", do{"client": "bob", "block": block, "text": " " + text + "B"})
	c.do("until", do{"clients": []string{"alice", "bob"}, "equal": true, "contains": text + "A"})
	c.do("until", do{"clients": []string{"alice", "bob"}, "equal": true, "contains": text + "B"})
	c.do("saved", do{"client": "alice"})
	c.do("saved", do{"client": "bob"})
}

// Who follows docs/install.md word by word ends with two browsers editing one
// record through nginx over TLS, and gets back with one line.
func TestInstallGuide(t *testing.T) {
	m := newMachine(t)
	m.services()
	m.release()
	s := m.instance()
	blocks := shellBlocks(t, "../docs/install.md")
	if len(blocks) < 7 {
		t.Fatalf("%d blocks of commands found in docs/install.md", len(blocks))
	}
	last := blocks[len(blocks)-1]
	if last.heading != "Going back" {
		t.Fatalf("the last commands stand under %q", last.heading)
	}
	for _, b := range blocks[:len(blocks)-1] {
		t.Log(b.heading, "\n", m.sh(b.script))
	}
	if got := m.sh(blocks[len(blocks)-2].script); !strings.Contains(got, "core answers GET /api/v1/health") || !strings.HasSuffix(got, "401\n") {
		t.Errorf("%s says %q", blocks[len(blocks)-2].heading, got)
	}
	if got, _ := os.ReadFile(m.path("run/civicpress.environment")); !strings.Contains(string(got), "REALTIME_ENABLED=false") {
		t.Errorf("the Node module is not switched off: %q", got)
	}
	bothEdit(t, s, "Through nginx.")
	m.routes()
	m.browsers(s)
	m.operate(s)

	m.sh(last.script)
	if got, _ := os.ReadFile(m.path("run/civicpress.environment")); strings.Contains(string(got), "REALTIME_ENABLED") {
		t.Errorf("the Node module is still switched off: %q", got)
	}
	if got, _ := os.ReadFile(m.path("etc/nginx/sites-available/civicpress")); string(got) != "# the site before\n" {
		t.Errorf("nginx has not its old site: %q", got)
	}
	if code, got, stderr := runOnce(t, nil, "export", "--dir", s.Dir, bylaw); code != 0 || !strings.Contains(got, "Through nginx.A") {
		t.Errorf("export after going back: %d %s", code, stderr)
	}
}

// operate runs every command of the operator's other pages.
func (m *machine) operate(s *server) {
	m.t.Helper()
	tool(m.t, "sqlite3", "sqlite3")
	all := ""
	for _, page := range []string{"troubleshooting.md", "deployment.md"} {
		blocks := shellBlocks(m.t, "../docs/"+page)
		if len(blocks) < 5 {
			m.t.Errorf("%d blocks of commands found in %s", len(blocks), page)
		}
		for _, b := range blocks {
			out := m.sh(b.script)
			m.t.Log(page, b.heading, "\n", out)
			all += out
		}
	}
	for _, want := range []string{"426\n", "active\n", "\nok       2 documents", "Through nginx.A", "civicpress_realtime_ready 1", "process_resident_memory_bytes", `"msg":"stopping"`} {
		if !strings.Contains(all, want) {
			m.t.Errorf("the commands of the operator's pages print no %q", want)
		}
	}
	if code, got, stderr := runOnce(m.t, nil, "export", "--dir", filepath.Join(s.Dir, "restored"), bylaw); code != 0 || !strings.Contains(got, "Through nginx.B") {
		m.t.Errorf("export from the backup: %d %s", code, stderr)
	}
	m.restored(filepath.Join(s.Dir, "restored"), s)
}

// routes checks what goes where.
func (m *machine) routes() {
	m.t.Helper()
	for path, want := range map[string]string{
		"/api/v1/records/x":               "core answers GET",
		"/api/v1/records/x/publish/":      "core answers GET",
		"/":                               "core answers GET",
		"/api/v1/realtime/rooms":          "Authentication required",
		"/api/v1/records/x/snapshot":      `"code":"`,
		"/realtime/records/" + bylaw:      "426 Upgrade Required",
		"/realtime/dashboard":             "<!doctype html",
		"/metrics":                        "core answers GET",
		"/api/v1/realtime/rooms?limit=99": "Authentication required",
	} {
		got := m.sh("curl -sSL --http1.1 -i https://town.example" + path)
		if !strings.Contains(strings.ToLower(got), strings.ToLower(want)) {
			m.t.Errorf("GET %s: no %q in\n%s", path, want, got)
		}
	}
}

// The same routes through Caddy.
func TestCaddyfile(t *testing.T) {
	if _, err := exec.LookPath("caddy"); err != nil {
		lacking(t, "caddy is not installed (Debian: apt-get install caddy)")
	}
	m := newMachine(t)
	m.services()
	m.release()
	s := m.instance()
	for _, b := range shellBlocks(t, "../docs/install.md") {
		if strings.HasPrefix(b.heading, "1.") || strings.HasPrefix(b.heading, "2.") || strings.HasPrefix(b.heading, "3.") {
			m.sh(b.script)
		}
	}
	cmd := exec.Command("caddy", "run", "--config", m.path("home/civicpress-linux-amd64/deploy/caddy/Caddyfile"), "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+m.path("home"), "XDG_DATA_HOME="+m.path("home"), "XDG_CONFIG_HOME="+m.path("home"))
	var log lockedBuffer
	cmd.Stderr = &log
	m.must(cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of caddy:\n%s", log.tail(4000))
		}
	})
	m.sh("for i in $(seq 100); do curl -fsS https://town.example/ >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1")
	bothEdit(t, s, "Through Caddy.")
	m.routes()
}
