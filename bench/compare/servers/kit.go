package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// NewKit builds the binaries and fetches the peers that are wanted, once.
func NewKit(ctx context.Context, names []string) (k *Kit, err error) {
	here, err := folder()
	if err != nil {
		return nil, err
	}
	k = &Kit{lacks: "not wanted"}
	if k.temp, err = os.MkdirTemp("", "bench-compare-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.Close())
		}
	}()
	raiseFiles()
	root := filepath.Dir(filepath.Dir(here))
	if slices.Contains(names, Ours) || slices.Contains(names, OursMemory) {
		if k.civicpress, err = k.build(ctx, root, "./cmd/civicpress"); err != nil {
			return k, err
		}
	}
	if slices.Contains(names, Relay) || slices.Contains(names, RelayDrained) {
		if k.relay, err = k.build(ctx, here, "./relay"); err != nil {
			return k, err
		}
	}
	if slices.Contains(names, YWebSocket) || slices.Contains(names, Hocuspocus) {
		k.peers, k.lacks = fetchPeers(ctx, filepath.Join(here, "peers"))
	}
	return k, nil
}

// Close removes what NewKit has made.
func (k *Kit) Close() error { return os.RemoveAll(k.temp) }

// folder is bench/compare, wherever in it this runs.
func folder() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		b, readErr := os.ReadFile(filepath.Join(dir, "go.mod"))
		if readErr == nil && strings.HasPrefix(string(b), "module github.com/civicpress/realtimefx/bench/compare\n") {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("bench/compare not found: run this inside of it, or make bench")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// build makes a program as a release is made.
func (k *Kit) build(ctx context.Context, dir, pkg string) (string, error) {
	binary := filepath.Join(k.temp, filepath.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, pkg)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return binary, nil
}

// fetchPeers installs the servers from npm, unless they are there; without npm
// it says what is lacking.
func fetchPeers(ctx context.Context, dir string) (there, lacks string) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", "no " + program + " on this machine"
		}
	}
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", err.Error()
	}
	if is, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil && !lock.ModTime().After(is.ModTime()) {
		return dir, ""
	}
	fmt.Fprintln(os.Stderr, "bench: npm ci in", dir)
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", "npm ci failed: " + err.Error()
	}
	return dir, ""
}
