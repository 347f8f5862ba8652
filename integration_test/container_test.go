package integration_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// instructions reads a Containerfile: what each keyword was given, in order.
func instructions(t *testing.T, file string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for line := range strings.Lines(readFile(t, file)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		found[word] = append(found[word], rest)
	}
	return found
}

// words reads the list form of ENTRYPOINT and CMD.
func words(s string) (out []string) {
	for _, m := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	return out
}

// There is no container engine here. So the build stage's command is run as it
// stands, and what the second stage puts together is started as the image
// would be: alone in a file system of its own, as its user.
func TestContainerfile(t *testing.T) {
	if os.Getuid() != 0 {
		lacking(t, "not root: the image's file system cannot be entered")
	}
	image := instructions(t, "../deploy/container/Containerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "../go.mod"))[1]
	if from := image["FROM"]; len(from) != 2 || from[0] != "docker.io/library/golang:"+version+" AS build" || from[1] != "scratch" {
		t.Errorf("FROM %q, while go.mod wants Go %s", from, version)
	}
	root := t.TempDir()
	build, ok := strings.CutPrefix(image["RUN"][len(image["RUN"])-1], "CGO_ENABLED=0 go build ")
	if !ok {
		t.Fatalf("RUN %q", image["RUN"])
	}
	cmd := exec.Command("sh", "-c", "CGO_ENABLED=0 go build "+strings.Replace(build, "/civicpress ", root+"/civicpress ", 1))
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	made := startDemo(t, filepath.Join(root, "srv", "civicpress"))
	made.stop(t, syscall.SIGTERM)
	if image["USER"][0] != "65532" {
		t.Fatalf("USER %q", image["USER"])
	}
	const user = 65532
	if err := filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(p, user, user)
	}); err != nil {
		t.Fatal(err)
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}

	api, socket := freeAddr(t), freeAddr(t)
	args := append(words(image["ENTRYPOINT"][0]), words(image["CMD"][0])...)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "127.0.0.1:3002", api)
	}
	s := &server{cmd: exec.Command(args[0]), log: &lockedBuffer{}, exited: make(chan struct{}), API: "http://" + api, Realtime: "ws://" + socket, Dir: made.Dir, Users: made.Users}
	s.cmd.Path, s.cmd.Args, s.cmd.Err, s.cmd.Dir = args[0], append(args, "--realtime-addr", socket), nil, "/"
	s.cmd.Env = []string{} // an image from scratch sets nothing
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: user, Gid: user}}
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.status = s.cmd.Wait(); close(s.exited) }()
	defer s.kill()
	ready := exec.Command("bash", "-c", "for i in $(seq 300); do curl -fsS "+s.API+"/ready && exit 0; kill -0 $0 || exit 1; sleep 0.1; done; exit 1", strconv.Itoa(s.cmd.Process.Pid))
	if out, err := ready.CombinedOutput(); err != nil {
		t.Fatalf("not ready: %v\n%s\n%s", err, out, s.log.tail(4000))
	}
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	c.do("type", do{"client": "alice", "block": 0, "text": "From a container. "})
	c.do("saved", do{"client": "alice"})
	snapshot(t, s, "alice", bylaw)
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d; log:\n%s", code, s.log.tail(4000))
	}
	if body, ok := draftRow(t, s, bylaw); !ok || !strings.Contains(body, "From a container. ") {
		t.Errorf("the draft lacks the edit: %q", body)
	}
}
