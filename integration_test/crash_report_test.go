package integration_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// report logs what a series came to, and adds it to the file that CRASH_REPORT
// names, for scripts/crashtable.
func (c *crash) report(what, comment string) {
	c.t.Helper()
	quantile := func(d []time.Duration, p int) float64 {
		if len(d) == 0 {
			return 0
		}
		d = slices.Clone(d)
		slices.Sort(d)
		return float64(d[min(len(d)-1, len(d)*p/100)].Microseconds()) / 1000
	}
	report(c.t, map[string]any{
		"run": what, "kills": c.count.kills, "stopped": c.count.stops, "acked": c.count.acked,
		"lost": c.count.lost, "torn": c.count.torn, "twice": c.count.twice, "measured": true,
		"ack_p50_ms": quantile(c.acks, 50), "ack_p99_ms": quantile(c.acks, 99),
		"restart_p50_ms": quantile(c.restarts, 50), "restart_max_ms": quantile(c.restarts, 100),
		"seed": strconv.FormatUint(c.seed, 10), "comment": comment, "failed": c.t.Failed(),
	})
}

func report(t *testing.T, row map[string]any) {
	t.Helper()
	b, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", b)
	name := os.Getenv("CRASH_REPORT")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
}
