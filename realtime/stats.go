package realtime

import (
	"cmp"
	"maps"
	"math"
	"runtime/metrics"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/meter"
)

// Stats is what the dashboard shows.
type Stats struct {
	Now         time.Time         `json:"now"`
	StartedAt   time.Time         `json:"started_at"`
	Version     string            `json:"version"`
	Node        string            `json:"node"`
	Status      string            `json:"status"`
	Reasons     []string          `json:"reasons"`
	Connections connStats         `json:"connections"`
	RoomsOpen   int               `json:"rooms_open"`
	RoomsLimit  int               `json:"rooms_limit"`
	Rooms       []roomStats       `json:"rooms"`
	Rates       rateStats         `json:"rates"`
	Ack         ackStats          `json:"ack"`
	Closes      map[string]uint64 `json:"closes"`
	Writeback   writebackStats    `json:"writeback"`
	Journal     journalStats      `json:"journal"`
	Memory      memoryStats       `json:"memory"`
	History     []historyPoint    `json:"history,omitempty"`
}

type connStats struct {
	Open    int    `json:"open"`
	Limit   int    `json:"limit"`
	Opened  uint64 `json:"opened_total"`
	Refused uint64 `json:"refused_total"`
}

type roomStats struct {
	ID      string   `json:"id"`
	Clients int      `json:"clients"`
	Users   []string `json:"users"`
	// Idle says of those users who did nothing for idleAfter, in any window,
	// since when.
	Idle           map[string]time.Time `json:"idle"`
	Updates        float64              `json:"updates_per_s"`
	Bytes          int64                `json:"bytes"`
	Seq            uint64               `json:"seq"`
	SavedSeq       uint64               `json:"saved_seq"`
	LastSnapshotAt *time.Time           `json:"last_snapshot_at"`
	WritebackError *string              `json:"writeback_error"`
}

type rateStats struct {
	Updates   float64 `json:"updates_per_s"`
	FramesIn  float64 `json:"frames_in_per_s"`
	FramesOut float64 `json:"frames_out_per_s"`
	BytesIn   float64 `json:"bytes_in_per_s"`
	BytesOut  float64 `json:"bytes_out_per_s"`
}

type ackStats struct {
	P50     *float64 `json:"p50_ms"`
	P99     *float64 `json:"p99_ms"`
	Samples uint64   `json:"samples"`
}

type writebackStats struct {
	OK      uint64 `json:"ok_total"`
	Failed  uint64 `json:"failed_total"`
	Pending int    `json:"pending"`
}

type journalStats struct {
	Lag   int     `json:"lag_updates"`
	LagMS float64 `json:"lag_ms"`
	Bytes int64   `json:"bytes"`
}

type memoryStats struct {
	Heap       uint64 `json:"heap_bytes"`
	Sys        uint64 `json:"sys_bytes"`
	Goroutines uint64 `json:"goroutines"`
}

type historyPoint struct {
	At          time.Time `json:"at"`
	Updates     float64   `json:"updates_per_s"`
	Connections int       `json:"connections"`
	P50         *float64  `json:"ack_p50_ms"`
	P99         *float64  `json:"ack_p99_ms"`
	LagMS       float64   `json:"lag_ms"`
	Heap        uint64    `json:"heap_bytes"`
}

const (
	historyLength  = 300 // points, one a second
	rateWindow     = 10  // seconds over which rates are means
	maxStatsRooms  = 200
	maxStatsPeople = 50 // in a room
	idleAfter      = time.Minute
)

// history is one sample a second, so that charts are not empty when somebody
// opens the dashboard in the middle of a problem.
type history struct {
	mu      sync.Mutex
	points  []historyPoint    // guarded by mu; oldest first
	totals  []totals          // guarded by mu; the last rateWindow+1, oldest first
	updates map[string]uint64 // guarded by mu; of rooms that were edited, rateWindow seconds ago
	next    map[string]uint64 // guarded by mu; being gathered for updates
	nextAt  time.Time         // guarded by mu; when next was gathered
	at      time.Time         // guarded by mu; when updates was gathered
}

// totals are the counters at one moment.
type totals struct {
	at                                              time.Time
	updates, framesIn, framesOut, bytesIn, bytesOut uint64
	ack                                             meter.Counts
}

func (s *Server) totals(now time.Time) totals {
	m := s.meter
	t := totals{at: now, updates: m.Updates.Load(), bytesIn: m.BytesIn.Load(), bytesOut: m.BytesOut.Load(), ack: m.Ack.Snapshot()}
	for k := range meter.Kinds {
		t.framesIn += m.In[k].Load()
		t.framesOut += m.Out[k].Load()
	}
	return t
}

// sample adds one point.
func (h *history) sample(s *Server, now time.Time) {
	t := s.totals(now)
	p := historyPoint{At: now, Connections: s.sessions.count(), Heap: memory().Heap}
	if j := s.deps.Journal; j != nil {
		p.LagMS = ms(j.Stats().Lag)
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.totals); n > 0 {
		last := h.totals[n-1]
		p.Updates = rate(t.updates-last.updates, t.at.Sub(last.at))
		p.P50, p.P99 = quantiles(t.ack.Minus(last.ack))
	}
	h.totals = append(h.totals, t)
	if len(h.totals) > rateWindow+1 {
		h.totals = slices.Delete(h.totals, 0, 1)
	}
	h.points = append(h.points, p)
	if len(h.points) > historyLength {
		h.points = slices.Delete(h.points, 0, 1)
	}
	if now.Sub(h.nextAt) >= rateWindow*time.Second {
		h.updates, h.at = h.next, h.nextAt
		h.next, h.nextAt = map[string]uint64{}, now
		for _, r := range s.deps.Rooms.Rooms() {
			if n := r.Info().Updates; n > 0 {
				h.next[r.RoomID()] = n
			}
		}
	}
}

// Stats returns the figures of the dashboard, with the newest points of the
// history, as many as asked for.
func (s *Server) Stats(points int) Stats {
	now := time.Now()
	report := s.report()
	st := Stats{
		Now: now, StartedAt: s.started, Version: s.opts.Version, Node: s.opts.Node,
		Status: report.Status.String(), Reasons: append([]string{}, report.Reasons...),
		Connections: connStats{Open: s.sessions.count(), Limit: s.opts.MaxConnections, Opened: s.meter.Opened.Load()},
		RoomsOpen:   s.deps.Rooms.Count(), RoomsLimit: s.deps.Rooms.MaxRooms(),
		Closes: make(map[string]uint64), Memory: memory(), Rooms: []roomStats{},
	}
	st.Connections.Refused = s.penalty.total()
	for code, n := range s.closes.snapshot() {
		st.Closes[strconv.Itoa(code)] = n
	}
	if j := s.deps.Journal; j != nil {
		js := j.Stats()
		st.Journal = journalStats{Lag: js.Pending, LagMS: ms(js.Lag), Bytes: js.Bytes}
	}
	if o := s.deps.Observer; o != nil {
		st.Writeback.OK, st.Writeback.Failed = o.WriteBacks.Load(), o.WriteBackErrors.Load()
	}
	if k := s.deps.Keeper; k != nil {
		st.Writeback.Pending = k.Stats().Unsaved
	}
	s.history.fill(&st, s.totals(now), points)
	s.fillRooms(&st, now)
	return st
}

// fill computes rates and latencies over the window.
func (h *history) fill(st *Stats, t totals, points int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.totals) > 0 {
		old := h.totals[0]
		d := t.at.Sub(old.at)
		st.Rates = rateStats{
			Updates: rate(t.updates-old.updates, d), FramesIn: rate(t.framesIn-old.framesIn, d), FramesOut: rate(t.framesOut-old.framesOut, d),
			BytesIn: rate(t.bytesIn-old.bytesIn, d), BytesOut: rate(t.bytesOut-old.bytesOut, d),
		}
		recent := t.ack.Minus(old.ack)
		st.Ack.P50, st.Ack.P99 = quantiles(recent)
		st.Ack.Samples = recent.Total()
	}
	st.History = slices.Clone(h.points[max(0, len(h.points)-points):])
}

// fillRooms lists the busiest rooms.
func (s *Server) fillRooms(st *Stats, now time.Time) {
	people := make(map[string]map[string]time.Time) // room -> name -> last activity
	s.sessions.each(func(l *live) {
		id := l.Request.RoomType + ":" + l.Request.RoomID
		here := people[id]
		if here == nil {
			here = make(map[string]time.Time)
			people[id] = here
		}
		name, active := l.Member.Name(), l.Member.ActiveAt()
		if last, known := here[name]; known && active.After(last) || !known && len(here) < maxStatsPeople {
			here[name] = active
		}
	})
	h := &s.history
	h.mu.Lock()
	before, at := h.updates, h.at
	if before == nil {
		before, at = h.next, h.nextAt
	}
	h.mu.Unlock()
	for _, r := range s.deps.Rooms.Rooms() {
		i := r.Info()
		rs := roomStats{ID: i.ID, Clients: i.Clients, Users: slices.Sorted(maps.Keys(people[i.ID])), Idle: map[string]time.Time{}, Bytes: i.Bytes, Seq: i.Seq, SavedSeq: i.SavedSeq}
		if rs.Users == nil {
			rs.Users = []string{}
		}
		for name, active := range people[i.ID] {
			if now.Sub(active) >= idleAfter {
				rs.Idle[name] = active
			}
		}
		since := at
		if i.Opened.After(since) {
			since = i.Opened
		}
		if n := before[i.ID]; n <= i.Updates {
			rs.Updates = rate(i.Updates-n, now.Sub(since))
		}
		if !i.LastSnapshot.IsZero() {
			rs.LastSnapshotAt = &i.LastSnapshot
		}
		if i.WritebackError != "" {
			rs.WritebackError = &i.WritebackError
		}
		st.Rooms = append(st.Rooms, rs)
	}
	slices.SortFunc(st.Rooms, func(a, b roomStats) int {
		return cmp.Or(cmp.Compare(b.Updates, a.Updates), cmp.Compare(b.Clients, a.Clients), cmp.Compare(a.ID, b.ID))
	})
	st.Rooms = st.Rooms[:min(len(st.Rooms), maxStatsRooms)]
}

func rate(n uint64, d time.Duration) float64 {
	if d < time.Second/2 { // nothing can be said yet
		return 0
	}
	return math.Round(float64(n)/d.Seconds()*100) / 100
}

func ms(d time.Duration) float64 { return math.Round(float64(d.Microseconds())/10) / 100 }

// quantiles returns p50 and p99 in milliseconds, nil without samples.
func quantiles(c meter.Counts) (p50, p99 *float64) {
	if c.Total() == 0 {
		return nil, nil
	}
	a, b := math.Round(c.Quantile(.5)*1e5)/100, math.Round(c.Quantile(.99)*1e5)/100
	return &a, &b
}

func memory() memoryStats {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/sched/goroutines:goroutines"},
	}
	metrics.Read(samples)
	return memoryStats{samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64()}
}
