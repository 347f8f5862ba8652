package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/records"
)

// patience is how long the doctor waits for a server to answer.
const patience = 5 * time.Second

// What the disk of an instance should have.
const (
	diskFull  = 16 << 20
	diskSmall = 256 << 20
)

// disk reports how much room there is. When there is none, edits are in
// memory only: that is the first thing to know.
func (d *diagnosis) disk(dir string) {
	free, ok := freeBytes(dir)
	switch {
	case !ok:
	case free < diskFull:
		d.say(records.Problem, "disk", "%s has %d MiB left: edits cannot be saved; make room, and do not restart the service before", dir, free>>20)
	case free < diskSmall:
		d.say(records.Note, "disk", "%s has %d MiB left", dir, free>>20)
	}
}

// socket reports what answers where realtime.yml puts the socket. That it is
// not this server is no problem: before the first start it should not be.
func (d *diagnosis) socket(ctx context.Context, addr string) {
	status, body, err := get(ctx, addr, "/readyz")
	switch {
	case err != nil:
		d.say(records.Note, "socket", "nobody answers on %s: the service does not run", addr)
	case status == http.StatusOK && body == "ready\n":
		d.say(records.Fine, "socket", "the server on %s takes editors", addr)
	case status == http.StatusServiceUnavailable:
		d.say(records.Problem, "socket", "the server on %s takes no editors: %s", addr, strings.TrimSpace(body))
	default:
		d.say(records.Note, "socket", "another program answers on %s; if it is the Node module, switch that off (REALTIME_ENABLED=false) before this service starts", addr)
	}
}

// socketAddr is where the socket of a configuration is reached from this
// machine.
func socketAddr(c config.Config, override string) string {
	if override != "" {
		return override
	}
	name := c.Host
	if ip := net.ParseIP(name); name == "" || ip.IsUnspecified() {
		name = "127.0.0.1"
	}
	return net.JoinHostPort(name, strconv.Itoa(c.Port))
}

// health is the part of /health/detailed that the doctor reads.
type health struct {
	Data struct {
		Services map[string]struct {
			Status  string   `json:"status"`
			Reasons []string `json:"reasons"`
			Details struct {
				Connections struct {
					Total int `json:"total"`
				} `json:"connections"`
				Rooms struct {
					Total int `json:"total"`
					Max   int `json:"maxRooms"`
				} `json:"rooms"`
				Journal struct {
					Pending int   `json:"pending"`
					Bytes   int64 `json:"pendingBytes"`
				} `json:"journal"`
				Memory struct {
					Total int64 `json:"total"`
				} `json:"memory"`
			} `json:"details"`
		} `json:"services"`
	} `json:"data"`
}

// running asks a server for its health.
func (d *diagnosis) running(ctx context.Context, addr string) {
	_, body, err := get(ctx, addr, "/api/v1/health/detailed")
	if err != nil {
		d.say(records.Problem, "server", "does not answer on %s: %v", addr, err)
		return
	}
	var h health
	if err := json.Unmarshal([]byte(body), &h); err != nil || h.Data.Services["realtime"].Status == "" {
		d.say(records.Problem, "server", "what answers on %s is not this server, or has realtime editing switched off", addr)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(h.Data.Services)) {
		part := h.Data.Services[name]
		for _, reason := range part.Reasons {
			d.say(records.Problem, "server", "%s is %s: %s", name, part.Status, reason)
		}
		if len(part.Reasons) == 0 && part.Status != host.Healthy.String() {
			d.say(records.Problem, "server", "%s is %s", name, part.Status)
		}
	}
	r := h.Data.Services["realtime"].Details
	limit := ""
	if r.Rooms.Max > 0 {
		limit = fmt.Sprintf(" of at most %d", r.Rooms.Max)
	}
	d.say(records.Fine, "server", "%d documents%s are open, %d sockets, %d MiB of memory, %d edits (%d KiB) wait for the disk",
		r.Rooms.Total, limit, r.Connections.Total, r.Memory.Total>>20, r.Journal.Pending, r.Journal.Bytes>>10)
	if r.Rooms.Max > 0 && r.Rooms.Total*5 >= r.Rooms.Max*4 {
		d.say(records.Note, "server", "nearly all documents that rooms.max_rooms allows are open; when it is reached, no further record can be opened")
	}
}

// get asks a program on this machine.
func get(ctx context.Context, addr, path string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		if _, ok := errors.AsType[net.Error](err); !ok {
			return http.StatusOK, "", nil // somebody is there who does not speak HTTP
		}
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }() // read as far as it matters
	b, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return 0, "", fmt.Errorf("read the answer of %s: %w", addr, err)
	}
	return answer.StatusCode, string(b), nil
}
