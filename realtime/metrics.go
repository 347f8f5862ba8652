package realtime

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/civicpress/realtimefx/realtime/internal/meter"
)

// closes counts sockets by the code they ended with.
type closes struct {
	mu sync.Mutex
	by map[int]uint64 // guarded by mu
}

func (c *closes) count(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = make(map[int]uint64)
	}
	if _, known := c.by[code]; !known && len(c.by) >= 64 {
		code = 0 // peers choose codes; the labels stay few
	}
	c.by[code]++
}

func (c *closes) snapshot() map[int]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := make(map[int]uint64, len(c.by))
	for k, v := range c.by {
		m[k] = v
	}
	return m
}

// Metrics serves the figures for Prometheus, on a registry of its own.
func (s *Server) Metrics() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(s.Collector(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
}

// Collector is for a host with a registry of its own.
func (s *Server) Collector() prometheus.Collector { return collector{s} }

const prefix = "civicpress_realtime_"

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

var (
	descConnections = desc("connections", "Open sockets that are in a room.")
	descRooms       = desc("rooms", "Open rooms, those in their grace period included.")
	descReady       = desc("ready", "1 while new sockets are welcome.")
	descMessages    = desc("messages_total", "Messages by type and direction.", "type", "direction")
	descBytes       = desc("bytes_total", "Bytes of messages by direction.", "direction")
	descAuth        = desc("auth_failures_total", "Refused sockets by reason.", "reason")
	descClosed      = desc("closed_total", "Ended sockets by close code.", "code")
	descAck         = desc("durable_ack_seconds", "From the arrival of an edit until it is on stable storage.")
	descFsync       = desc("journal_fsync_seconds", "One commit of the journal.")
	descSnapshotAge = desc("snapshot_age_seconds", "Age of the oldest last snapshot among rooms with edits behind it.")
	descLag         = desc("journal_lag_seconds", "Age of the oldest edit that is not durable.")
	descPending     = desc("journal_pending", "Edits that are not durable.")
	descHookQueue   = desc("hook_queue_depth", "Events that wait for the core's hook bus.")
	descHookDrops   = desc("hook_drops_total", "Events dropped because the queue was full.")
	descHookCalls   = desc("hook_calls_total", "Events handed to the core's hook bus, by how that ended: ok, failed, panicked or timed_out.", "result")
	descHookOverdue = desc("hook_calls_overdue", "Calls of the hook bus that overstayed their time and still run.")
)

// counters are the plain ones.
func (s *Server) counters() []counterFigure {
	m := s.meter
	list := []counterFigure{
		{"connections_opened_total", "Sockets that were admitted.", &m.Opened},
		{"updates_total", "Updates that changed a document.", &m.Updates},
		{"updates_void_total", "Updates that changed nothing.", &m.UpdatesVoid},
		{"updates_invalid_total", "Updates that could not be read.", &m.UpdatesBad},
		{"turns_total", "Turns of all rooms.", &m.Turns},
		{"edits_refused_total", "Edits refused for want of the right.", &m.Refused},
		{"forged_total", "Frames refused because they spoke as somebody else.", &m.Forged},
		{"relayed_total", "Edits of absent authors taken from another client.", &m.Relayed},
		{"throttled_total", "Messages that had to wait for the rate limit.", &m.Throttled},
		{"slow_reader_resyncs_total", "Slow readers caught up with one diff.", &m.Resyncs},
		{"slow_reader_cutoffs_total", "Readers closed for want of progress.", &m.CutOff},
		{"lineage_changed_total", "Clients told to reload because their document has another lineage.", &m.Lineage},
		{"rooms_opened_total", "Rooms that were opened.", &m.RoomsOpened},
		{"rooms_failed_total", "Rooms that could not be loaded.", &m.RoomsFailed},
		{"rooms_woken_total", "Documents that slept for want of use and were edited again.", &m.Wakes},
		{"journal_full_total", "Edits refused because the journal could hold no more.", &m.JournalFull},
		{"document_too_large_total", "Edits refused for the size of the document.", &m.SizeRefused},
		{"auth_outages_total", "Questions that the core did not answer.", &m.AuthOutages},
		{"regrants_total", "Rights read again for open sockets.", &m.RegrantsDone},
		{"origins_refused_total", "Pages of foreign origins refused.", &s.guard.Origins},
		{"limits_reached_total", "Sockets refused for a limit.", &s.guard.Limits},
	}
	if o := s.deps.Observer; o != nil {
		list = append(list,
			counterFigure{"snapshots_total", "Snapshots saved.", &o.SnapshotsSaved},
			counterFigure{"snapshot_bytes_total", "Bytes of the snapshots saved.", &o.SnapshotBytes},
			counterFigure{"writebacks_total", "Write-backs that succeeded.", &o.WriteBacks},
			counterFigure{"writeback_failures_total", "Write-backs that failed.", &o.WriteBackErrors},
			counterFigure{"journal_failures_total", "Commits of the journal that failed.", &o.CommitErrors},
		)
	}
	return list
}

type counterFigure struct {
	name, help string
	counter    *meter.Counter
}

type collector struct{ s *Server }

// Describe is empty: the figures depend on what the server was given.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c.s
	gauge := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(descConnections, float64(s.sessions.count()))
	gauge(descRooms, float64(s.deps.Rooms.Count()))
	ready := 0.0
	if s.ready.Load() {
		ready = 1
	}
	gauge(descReady, ready)
	for k := range meter.Kinds {
		count(descMessages, s.meter.In[k].Load(), k.String(), "in")
		count(descMessages, s.meter.Out[k].Load(), k.String(), "out")
	}
	count(descBytes, s.meter.BytesIn.Load(), "in")
	count(descBytes, s.meter.BytesOut.Load(), "out")
	count(descAuth, s.guard.NoToken.Load(), "no_token")
	count(descAuth, s.guard.BadSession.Load(), "bad_session")
	for code, n := range s.closes.snapshot() {
		count(descClosed, n, strconv.Itoa(code))
	}
	for _, f := range s.counters() {
		count(desc(f.name, f.help), f.counter.Load())
	}
	out <- histogram(descAck, s.meter.Ack.Snapshot())
	if o := s.deps.Observer; o != nil {
		out <- histogram(descFsync, o.Fsync.Snapshot())
	}
	gauge(descSnapshotAge, s.snapshotAge(time.Now()).Seconds())
	if j := s.deps.Journal; j != nil {
		st := j.Stats()
		gauge(descLag, st.Lag.Seconds())
		gauge(descPending, float64(st.Pending))
	}
	if s.deps.HookLoad != nil {
		h := s.deps.HookLoad()
		gauge(descHookQueue, float64(h.Queued))
		count(descHookDrops, h.Dropped)
		count(descHookCalls, h.Forwarded, "ok")
		count(descHookCalls, h.Failed, "failed")
		count(descHookCalls, h.Panicked, "panicked")
		count(descHookCalls, h.TimedOut, "timed_out")
		gauge(descHookOverdue, float64(h.Overdue))
	}
}

func histogram(d *prometheus.Desc, c meter.Counts) prometheus.Metric {
	buckets := make(map[float64]uint64, len(meter.Bounds()))
	var sum uint64
	for i, b := range meter.Bounds() {
		sum += c.Buckets[i]
		buckets[b] = sum
	}
	return prometheus.MustNewConstHistogram(d, c.Total(), c.Sum.Seconds(), buckets)
}

// snapshotAge is how long the room that waits longest has had edits behind its
// last snapshot, counted from the snapshot or from its opening.
func (s *Server) snapshotAge(now time.Time) (oldest time.Duration) {
	for _, r := range s.deps.Rooms.Rooms() {
		i := r.Info()
		if i.Updates == 0 || i.SnapshotSeq >= i.Seq {
			continue
		}
		since := i.Opened
		if !i.LastSnapshot.IsZero() {
			since = i.LastSnapshot
		}
		oldest = max(oldest, now.Sub(since))
	}
	return oldest
}
