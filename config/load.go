package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
)

// FileName is the name of the file in an instance's .system-data folder.
const FileName = "realtime.yml"

// Environment variables that override enabled; the first that is set wins.
var enabledVars = []string{"CIVIC_REALTIME_ENABLED", "REALTIME_ENABLED"}

// Loaded is a configuration and where it comes from.
type Loaded struct {
	Config
	File     string // as given to Load
	Found    bool   // false: there is no such file, these are the defaults
	Warnings []string
}

// Load reads the file and then the environment through getenv (os.Getenv).
// The error is [Faults] if file or environment hold bad values.
func Load(file string, getenv func(string) string) (Loaded, error) {
	l := Loaded{Config: Default(), File: file}
	src, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return l, fmt.Errorf("read configuration: %w", err)
	default:
		l.Found = true
		if l.Config, err = Parse(file, src); err != nil {
			return l, err
		}
	}
	if err := l.override(getenv); err != nil {
		return l, err
	}
	l.Warnings = l.warnings()
	return l, nil
}

func (l *Loaded) override(getenv func(string) string) error {
	for _, name := range enabledVars {
		text := strings.TrimSpace(getenv(name))
		if text == "" {
			continue
		}
		on, ok := parseBool(text)
		if !ok {
			return Faults{{File: "environment", Key: name, Problem: fmt.Sprintf("%q is not true or false", text)}}
		}
		l.Enabled = on
		return nil
	}
	return nil
}

// warnings names values that are legal and probably not meant.
func (c Config) warnings() []string {
	var out []string
	if r := c.RateLimiting.MessagesPerSecond; r < 50 {
		out = append(out, fmt.Sprintf("rate_limiting.messages_per_second is %d: a fast typist sends about 40 messages a second and will be slowed down; 100 is the default", r))
	}
	for _, o := range c.AllowedOrigins {
		if o == "*" {
			out = append(out, `allowed_origins contains "*": every web page may open a socket for its visitor`)
		}
	}
	if c.Snapshots.Storage == StorageMemory {
		out = append(out, "snapshots.storage is memory: a restart loses what is not in a draft yet")
	}
	if c.RequireTLS && len(c.TrustedProxies) == 0 {
		out = append(out, "require_tls is on and trusted_proxies is empty: every socket will be refused")
	}
	if ip := net.ParseIP(c.Host); (ip.IsLoopback() || c.Host == "localhost") && len(c.TrustedProxies) == 0 {
		out = append(out, "host is "+c.Host+", so everybody comes through a proxy on this machine, and trusted_proxies is empty: the limits take all clients for one address")
	}
	return out
}

func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	}
	return false, false
}
