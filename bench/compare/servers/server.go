package servers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
)

// Names of the servers, as -servers takes them.
const (
	Ours         = "ours"
	OursMemory   = "ours-memory"
	Relay        = "relay"
	RelayDrained = "relay-drained"
	YWebSocket   = "y-websocket"
	Hocuspocus   = "hocuspocus"
)

// Names lists all, in the order of the report.
func Names() []string {
	return []string{Ours, OursMemory, RelayDrained, Relay, YWebSocket, Hocuspocus}
}

// A Server is one running server.
type Server struct {
	Name  string
	Ready time.Duration // from the start of the process until it says that it listens

	addr  string
	api   string // base of its HTTP API; ours only
	token string // of somebody with the right to edit; ours only
	cmd   *exec.Cmd
	lines *bufio.Reader
	dir   string
	kept  bool // dir outlives it
}

// Options are what a scenario needs of a server.
type Options struct {
	Rooms int // how many rooms there will be, for ours: records
	// GraceMS is how long ours keeps an empty room, in ms; below 0: not at all,
	// 0: its default.
	GraceMS int
	// NoSnapshots switches off that ours saves whole documents now and then. Edits
	// are journaled all the same.
	NoSnapshots bool
	// Keep names a folder for the data that outlives the server: the next one
	// that names it goes on with it.
	Keep string
	// Lose makes the relays drop each Lose-th frame; 0: none.
	Lose int
}

// Kit is what servers are started from.
type Kit struct {
	civicpress, relay string // binaries
	peers             string // folder with node_modules; empty: there is none
	temp              string
	lacks             string // why there are no peers
}

// Lacks says why a server cannot be started here, empty if it can.
func (k *Kit) Lacks(name string) string {
	if (name == YWebSocket || name == Hocuspocus) && k.peers == "" {
		return k.lacks
	}
	return ""
}

func (k *Kit) folder(server, keep string) string { return filepath.Join(k.temp, keep+"-of-"+server) }

// Start starts a server and waits until it listens.
func (k *Kit) Start(ctx context.Context, name string, o Options) (*Server, error) {
	s := &Server{Name: name, kept: o.Keep != ""}
	var err error
	if s.kept {
		s.dir = k.folder(name, o.Keep)
		err = os.MkdirAll(s.dir, 0o700)
	} else {
		s.dir, err = os.MkdirTemp(k.temp, name+"-")
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	switch name {
	case Ours, OursMemory:
		err = k.startOurs(s, o)
	case Relay:
		err = s.run(k.relay, "-lose", fmt.Sprint(o.Lose))
	case RelayDrained:
		err = s.run(k.relay, "-drained", "-lose", fmt.Sprint(o.Lose))
	case YWebSocket, Hocuspocus:
		if k.peers == "" {
			err = errors.New(k.lacks)
			break
		}
		err = s.run("node", filepath.Join(k.peers, name+".mjs"))
	default:
		err = fmt.Errorf("no such server; there are %s", strings.Join(Names(), ", "))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), s.Stop())
	}
	return s, ctx.Err()
}

// run starts the process and reads its first line, {"port":…} or what civicpress
// demo prints.
func (s *Server) run(program string, args ...string) error {
	began := time.Now()
	if err := s.spawn(program, args...); err != nil {
		return err
	}
	line, err := s.lines.ReadBytes('\n')
	s.Ready = time.Since(began)
	if err != nil {
		return fmt.Errorf("it ends without saying where it listens: %w", err)
	}
	var said struct {
		Port     int
		API      string
		Realtime string
		Users    map[string]struct{ Token string }
	}
	if err := json.Unmarshal(line, &said); err != nil {
		return fmt.Errorf("read %q: %w", line, err)
	}
	s.addr = fmt.Sprintf("127.0.0.1:%d", said.Port)
	if said.Realtime != "" {
		s.addr = strings.TrimPrefix(said.Realtime, "ws://")
		s.api, s.token = said.API, said.Users["alice"].Token
	}
	return nil
}

func (s *Server) spawn(program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "REALTIME_") })
	cmd.SysProcAttr = childOf()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.lines = cmd, bufio.NewReader(out)
	return nil
}

// PID is the process of the server.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Room is the n-th room of the server, counted from 1.
func (s *Server) Room(n int) load.Target {
	name := fmt.Sprintf("bench-%d", n)
	t := load.Target{Addr: s.addr, Path: "/" + name, Document: name}
	switch s.Name {
	case Ours, OursMemory:
		t.Path = "/realtime/records/" + name
		t.Subprotocol = "auth." + s.token
	case Hocuspocus:
		t.Dialect = load.Hocuspocus
	}
	return t
}

// stopLimit is how long a server may take to end before it is killed.
const stopLimit = 60 * time.Second

// Stop asks the server to end, waits for it and removes its data, unless they
// are kept.
func (s *Server) Stop() error {
	if s.kept {
		return s.end()
	}
	return errors.Join(s.end(), os.RemoveAll(s.dir))
}

func (s *Server) end() error {
	if s.cmd == nil {
		return nil
	}
	process := s.cmd.Process
	_ = process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(stopLimit, func() { _ = process.Kill() })
	_, _ = io.Copy(io.Discard, s.lines)
	_ = s.cmd.Wait() // peers end by the signal
	s.cmd = nil
	if !kill.Stop() {
		return fmt.Errorf("%s does not end within %v of SIGTERM", s.Name, stopLimit)
	}
	return nil
}
