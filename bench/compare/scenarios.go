package main

import (
	"context"
	"fmt"

	"github.com/civicpress/realtimefx/bench/compare/result"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// scenario is one thing to measure.
type scenario struct {
	id, title string
	setup     func(short bool) string
	only      []string // servers; none: all
	awake     bool     // the time of single letters or openings is judged: CPUs are kept from halting
	metrics   []result.Metric
	targets   []result.Target
	run       func(ctx context.Context, j *job) error
}

// The figures that several scenarios have.
var (
	cpuPerDelivery = result.Metric{Key: "cpu_us", Label: "CPU per delivery", Unit: "µs"}
	deliveryRate   = result.Metric{Key: "rate", Label: "deliveries", Unit: "1/s", More: true}
	latencyP50     = result.Metric{Key: "p50_ms", Label: "latency p50", Unit: "ms"}
	latencyP99     = result.Metric{Key: "p99_ms", Label: "latency p99", Unit: "ms"}
)

// The scenarios with their sizes and targets.
var (
	flatOne  = fanout{rooms: 1, clients: 50, writers: 5, updates: 4000, window: 200}
	flatMany = fanout{rooms: 10, clients: 10, writers: 2, updates: 4000, window: 200}
	paced    = fanout{rooms: 25, clients: 8, writers: 2, updates: 100, rate: 10}

	joinBig   = join{document: bigDocument, clients: 20, storms: 1}
	joinB4    = join{document: b4Document, clients: 20, storms: 10}
	joinSmall = join{document: smallDocument, clients: 20, storms: 50}

	idleMany = idle{connections: 10_000, rooms: 100}
	openMany = manyRooms{rooms: 2000, graceMS: 3000}

	oneStalls = slow{readers: 5, updates: 5000, bytes: 10_000, rate: 500}
	pointing  = cursors{clients: 60, moves: 100, rate: 20}
	meeting   = observers{clients: 500, updates: 100, rate: 10}
	growing   = sizes{updates: 3000, idle: 2000, documents: []sizedDocument{
		documentOf("1kb", 1000), documentOf("100kb", 100_000), documentOf("1mb", 1_000_000), documentOf("10mb", 10_000_000), {"b4", b4Document.make},
	}}
	morning = start{records: 10_000, bytes: 1_000_000, opens: 101}
)

var scenarios = []scenario{
	{
		id: "flat-one", title: "five people type into one room as fast as it goes", setup: flatOne.text, run: flatOne.run,
		metrics: []result.Metric{cpuPerDelivery, deliveryRate, latencyP50, latencyP99},
		targets: []result.Target{{Metric: "cpu_us", To: servers.RelayDrained, Most: 1.5}, {Metric: "rate", To: servers.Hocuspocus, Least: 2}},
	},
	{
		id: "flat-many", title: "two people in each of ten rooms type as fast as it goes", setup: flatMany.text, run: flatMany.run,
		metrics: []result.Metric{cpuPerDelivery, deliveryRate, latencyP50, latencyP99},
		targets: []result.Target{{Metric: "cpu_us", To: servers.RelayDrained, Most: 1.5}, {Metric: "rate", To: servers.Hocuspocus, Least: 2}},
	},
	{
		id: "paced", title: "people type at the speed of people", setup: paced.text, run: paced.run, awake: true,
		metrics: []result.Metric{cpuPerDelivery, latencyP50, latencyP99},
		targets: []result.Target{{Metric: "cpu_us", To: servers.Relay, Most: 1}, {Metric: "p99_ms", To: servers.Relay, Most: 1.2}},
	},
	joinScenario("join-big", "twenty people open a document of 11.5 MB at once", joinBig),
	joinScenario("join-b4", "twenty people open a long paper (0.2 MB) at once", joinB4),
	joinScenario("join-small", "twenty people open a record of 2 KB at once", joinSmall),
	{
		id: "idle", title: "ten thousand people look and do nothing", setup: idleMany.text, run: idleMany.run,
		metrics: []result.Metric{{Key: "kb_conn", Label: "memory per connection", Unit: "KB"}, {Key: "cpu_ms_s", Label: "CPU at rest", Unit: "ms/s"}},
		targets: []result.Target{{Metric: "kb_conn", Most: 12}},
	},
	{
		id: "rooms", title: "two thousand records are open", setup: openMany.text, run: openMany.run,
		metrics: []result.Metric{
			{Key: "kb_room", Label: "memory per room with one client", Unit: "KB"}, {Key: "kb_less", Label: "less a connection", Unit: "KB"},
			{Key: "kb_left", Label: "left when all have left", Unit: "KB"}, {Key: "kb_more", Label: "more, of each of as many others", Unit: "KB"},
		},
		targets: []result.Target{{Metric: "kb_less", Most: 10}, {Metric: "kb_left", Most: 1}, {Metric: "kb_more", Most: 1}},
	},
	{
		id: "slow", title: "one client does not read", setup: oneStalls.text, run: oneStalls.run, awake: true,
		metrics: []result.Metric{
			{Key: "growth_mb", Label: "growth with it", Unit: "MB"}, {Key: "rss_mb", Label: "more than without", Unit: "MB"}, latencyP99,
			{Key: "p99_ratio", Label: "p99 with it : without", Unit: "×"}, {Key: "lacks", Label: "it lacks in the end", Unit: "updates"},
		},
		targets: []result.Target{{Metric: "rss_mb", Most: 4}, {Metric: "p99_ratio", Most: 1.2}},
	},
	{
		id: "cursors", title: "sixty cursors move", setup: pointing.text, run: pointing.run, awake: true,
		metrics: []result.Metric{latencyP99, latencyP50, cpuPerDelivery, {Key: "percent", Label: "delivered", Unit: "%", More: true}},
		targets: []result.Target{{Metric: "percent", Least: 100}, {Metric: "p99_ms", To: servers.RelayDrained, Most: 2}},
	},
	{
		id: "observers", title: "five hundred look at one who types", setup: meeting.text, run: meeting.run, awake: true,
		metrics: []result.Metric{latencyP99, latencyP50, cpuPerDelivery},
		targets: []result.Target{{Metric: "p99_ms", Most: 150}},
	},
	{
		id: "size", title: "the same typing in larger and older documents, and among many", setup: growing.text, run: growing.run,
		metrics: []result.Metric{
			{Key: "growth", Label: "10 MB : 1 KB", Unit: "×"}, {Key: "history", Label: "long history : none", Unit: "×"}, {Key: "crowd", Label: "among idle rooms : alone", Unit: "×"},
			{Key: "us_1kb", Label: "1 KB", Unit: "µs"}, {Key: "us_100kb", Label: "100 KB", Unit: "µs"}, {Key: "us_1mb", Label: "1 MB", Unit: "µs"}, {Key: "us_10mb", Label: "10 MB", Unit: "µs"},
		},
		targets: []result.Target{{Metric: "growth", Most: 1.3}, {Metric: "history", Most: 1.3}, {Metric: "crowd", Most: 1.3}},
	},
	{
		id: "start", title: "a start with a long history", setup: morning.text, run: morning.run, awake: true, only: []string{servers.Ours},
		metrics: []result.Metric{
			{Key: "ready_ms", Label: "ready after", Unit: "ms"}, {Key: "rss_mb", Label: "memory", Unit: "MB"}, {Key: "open_ms", Label: "open, cold, p50", Unit: "ms"},
			{Key: "decode_ms", Label: "decoding alone", Unit: "ms"}, {Key: "open_decode", Label: "open : decoding", Unit: "×"},
		},
		targets: []result.Target{{Metric: "ready_ms", Most: 2000}, {Metric: "rss_mb", Most: 25}, {Metric: "open_decode", Most: 1.5}},
	},
}

func joinScenario(id, title string, l join) scenario {
	return scenario{
		id: id, title: title, setup: l.text, run: l.run,
		metrics: []result.Metric{
			{Key: "cpu_ms", Label: "CPU per join", Unit: "ms"}, {Key: "sync_ms", Label: "of it after connecting", Unit: "ms"}, {Key: "last_ms", Label: "until the last has it", Unit: "ms"},
			{Key: "rss_mb", Label: "memory, most growth", Unit: "MB"}, {Key: "document_kb", Label: "document", Unit: "KB"},
		},
		targets: []result.Target{{Metric: "cpu_ms", To: servers.Relay, Most: 2}},
	}
}

func scenarioIDs() (ids []string) {
	for _, s := range scenarios {
		ids = append(ids, s.id)
	}
	return ids
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
