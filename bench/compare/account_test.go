package main

import (
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// run500 lets two writers type to three readers through a relay and returns
// what arrived.
func run500(t *testing.T, server string, lose int) load.Outcome {
	t.Helper()
	kit, err := servers.NewKit(t.Context(), []string{server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kit.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := kit.Start(t.Context(), server, servers.Options{Rooms: 1, Lose: lose})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	rooms, err := openRooms(t.Context(), s, 1, 3, 2, 250)
	if err != nil {
		t.Fatal(err)
	}
	defer closeRooms(rooms)
	out, err := load.Run(t.Context(), rooms, load.Pace{To: 250, Patience: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAllThatIsSentIsCounted(t *testing.T) {
	for _, server := range []string{servers.Relay, servers.RelayDrained} {
		out := run500(t, server, 0)
		if out.Expected != 2*250*2 || out.Delivered != out.Expected || out.Err != nil || len(out.Took) != 1000 {
			t.Errorf("%s: %d of %d delivered, want all 1000, with %d latencies: %v", server, out.Delivered, out.Expected, len(out.Took), out.Err)
		}
	}
}

// TestWhatIsLostIsMissing plants a relay that drops each 50th frame; the first
// two are the paragraphs.
func TestWhatIsLostIsMissing(t *testing.T) {
	out := run500(t, servers.RelayDrained, 50)
	if lost := int64(502 / 50 * 2); out.Expected-out.Delivered != lost {
		t.Errorf("%d of %d deliveries are missing, want %d", out.Expected-out.Delivered, out.Expected, lost)
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-only", "nothing"}, {"-servers", "nobody"}, {"-rounds", "0"}} {
		if err := run(t.Context(), args); err == nil || !strings.Contains(err.Error(), args[0]) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
