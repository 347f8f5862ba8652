package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A call is a line of strace at which a system call began.
type call struct {
	at    time.Time
	name  string
	on    string // what its first descriptor is: a path, "socket:[…]"; "" = none
	bytes int64  // that it asks to write, for calls with one buffer
	lock  bool   // it is about a lock
}

// The lines look like this; the first call goes on in a later line, which is
// not one of a beginning:
//
//	8412 1700000000.123456 pwrite64(9</town/journal.db-wal>, ""..., 4096, 32 <unfinished ...>
//	8412 1700000000.123501 <... pwrite64 resumed>) = 4096
var (
	began = regexp.MustCompile(`^\d+ +(\d+)\.(\d{6}) (\w+)\((?:\d+<([^>]*)>)?(.*)`)
	asked = regexp.MustCompile(`^, ""(?:\.\.\.)?, (\d+)`)
)

func readCalls(name string) ([]call, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseCalls(f)
}

func parseCalls(r io.Reader) (calls []call, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := began.FindStringSubmatch(lines.Text())
		if m == nil {
			continue // the rest of a call, a signal, an end
		}
		seconds, err1 := strconv.ParseInt(m[1], 10, 64)
		micros, err2 := strconv.ParseInt(m[2], 10, 64)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("strace: %q has no time", lines.Text())
		}
		c := call{at: time.Unix(seconds, micros*1000), name: m[3], on: m[4], lock: strings.Contains(m[5], "SETLK")}
		if n := asked.FindStringSubmatch(m[5]); n != nil {
			c.bytes, _ = strconv.ParseInt(n[1], 10, 64) // digits
		}
		calls = append(calls, c)
	}
	return calls, lines.Err()
}

// kind is what a call counts as; "" = it depends on the scheduling of threads or
// on the time, and is not judged.
func (c call) kind() kind {
	socket, file := strings.HasPrefix(c.on, "socket:"), strings.HasPrefix(c.on, "/")
	switch c.name {
	case "read", "readv", "recvfrom", "recvmsg":
		if socket {
			return socketReads
		}
	case "write", "pwrite64", "writev", "pwritev", "sendto", "sendmsg":
		switch {
		case socket:
			return socketWrites
		case file:
			return fileWrites
		}
	case "fsync", "fdatasync":
		return syncs
	case "io_uring_enter":
		return requests
	case "fcntl":
		if file && c.lock {
			return locks
		}
	}
	return ""
}

// tally counts the calls within a time, and names those that are not judged.
func tally(calls []call, from, to time.Time) (map[kind]float64, string) {
	sum, rest := map[kind]float64{}, map[string]int{}
	for _, c := range calls {
		if c.at.Before(from) || !c.at.Before(to) {
			continue
		}
		k := c.kind()
		if k == "" {
			rest[c.name]++
			continue
		}
		sum[k]++
		if k == fileWrites {
			sum[fileBytes] += float64(c.bytes)
		}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		names = append(names, fmt.Sprintf("%d %s", rest[name], name))
	}
	return sum, strings.Join(names, ", ")
}
