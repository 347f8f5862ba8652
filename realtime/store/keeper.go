package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// Defaults of KeeperOptions.
const (
	DefaultSnapshotInterval = 300 * time.Second
	DefaultMaxUpdates       = 100
	DefaultMinPause         = 30 * time.Second
	DefaultWarnBytes        = 500 << 10
	DefaultOversizeBytes    = 1 << 20
	DefaultTTL              = 48 * time.Hour
	DefaultSweepInterval    = 6 * time.Hour
	DefaultParallel         = 4
	DefaultRunTimeout       = 60 * time.Second
)

// KeeperOptions configures a Keeper. The zero value is good.
type KeeperOptions struct {
	// Interval after the first edit since the last snapshot until the next.
	// 0 = DefaultSnapshotInterval, negative = no timer.
	Interval time.Duration
	// MaxUpdates since the last snapshot force one. 0 = DefaultMaxUpdates,
	// negative = no such trigger.
	MaxUpdates int
	// MinPause is how old the first edit since the last snapshot must be for
	// MaxUpdates to force the next: edits are safe in the journal, and a room
	// where many type would do nothing but save. 0 = DefaultMinPause, negative
	// = none.
	MinPause time.Duration
	// OversizeBytes: larger snapshots are stored and reported. 0 =
	// DefaultOversizeBytes.
	OversizeBytes int
	// TTL of superseded snapshots of rooms nobody is in. 0 = DefaultTTL,
	// negative = they are kept.
	TTL time.Duration
	// SweepInterval between sweeps; the first is at the start. 0 =
	// DefaultSweepInterval.
	SweepInterval time.Duration
	// Parallel bounds the rooms saved at one time. 0 = DefaultParallel.
	Parallel int
	// RunTimeout bounds a run that nobody waits for. 0 = DefaultRunTimeout.
	RunTimeout time.Duration
	// Events, if not nil, is told what happened.
	Events KeeperEvents
	Logger *slog.Logger // nil = slog.Default()
}

// KeeperEvents feeds hooks and metrics. Calls come from the keeper's
// goroutines, several at a time; they must not block for long.
type KeeperEvents interface {
	SnapshotSaved(c Capture, version int64, took time.Duration)
	SnapshotOversize(room string, bytes, limit int)
	SnapshotExpired(e Expired)
	WroteBack(room string, seq uint64, took time.Duration)
	// WriteBackFailed: stage is "persist" (snapshot), "serialize" or "draft".
	WriteBackFailed(room, stage string, err error)
	// RoomGone: the record behind the room was deleted; the room must close.
	RoomGone(room string)
}

// Keeper saves snapshots of live rooms and has them written back: on an
// interval, after a number of updates, on request, and when a room closes.
type Keeper struct {
	store Store
	opts  KeeperOptions
	log   *slog.Logger
	slots chan struct{} // one token a parallel run

	ctx  context.Context // ends at Stop: runs that nobody waits for end
	stop context.CancelFunc
	wg   sync.WaitGroup // every goroutine of the keeper

	mu       sync.Mutex
	started  bool
	stopped  bool
	watches  map[*Watch]struct{}
	stats    KeeperStats
	failures map[string]error // by room, cleared by a good run
}

// KeeperStats are figures since the start.
type KeeperStats struct {
	Snapshots, WriteBacks, Failures, Expired int64
	LastSnapshot                             time.Time
	Failing                                  map[string]error // rooms whose last run failed
	Unsaved                                  int              // rooms with edits since their last snapshot
}

// NewKeeper returns a keeper on s. It runs nothing until Start; Flush works
// before.
func NewKeeper(s Store, o KeeperOptions) *Keeper {
	set := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Interval, DefaultSnapshotInterval)
	set(&o.MinPause, DefaultMinPause)
	set(&o.TTL, DefaultTTL)
	set(&o.SweepInterval, DefaultSweepInterval)
	set(&o.RunTimeout, DefaultRunTimeout)
	if o.MaxUpdates == 0 {
		o.MaxUpdates = DefaultMaxUpdates
	}
	if o.OversizeBytes <= 0 {
		o.OversizeBytes = DefaultOversizeBytes
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	k := &Keeper{
		store: s, opts: o, log: o.Logger,
		slots:    make(chan struct{}, o.Parallel),
		watches:  map[*Watch]struct{}{},
		failures: map[string]error{},
	}
	k.ctx, k.stop = context.WithCancel(context.Background())
	return k
}

// Start starts the sweeping of old snapshots. ctx bounds only the start.
func (k *Keeper) Start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.started || k.stopped {
		return errors.New("keeper: started twice")
	}
	k.started = true
	if k.opts.TTL > 0 {
		k.wg.Go(k.sweepLoop)
	}
	return nil
}

// Stop ends timers and sweeping and waits for what runs. It does not flush:
// whoever owns the rooms flushes them before, with its own deadline.
func (k *Keeper) Stop(ctx context.Context) error {
	k.mu.Lock()
	k.stopped = true
	watches := k.watches
	k.watches = map[*Watch]struct{}{}
	k.mu.Unlock()
	for w := range watches {
		w.disarm()
	}
	k.stop()
	done := make(chan struct{})
	go func() { k.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("keeper: runs have not ended: %w", ctx.Err())
	}
}

// sweepLoop removes expired snapshots.
func (k *Keeper) sweepLoop() {
	t := time.NewTicker(k.opts.SweepInterval)
	defer t.Stop()
	for {
		k.sweep()
		select {
		case <-t.C:
		case <-k.ctx.Done():
			return
		}
	}
}

func (k *Keeper) sweep() {
	active := map[string]bool{}
	k.mu.Lock()
	for w := range k.watches {
		active[w.src.RoomID()] = true
	}
	k.mu.Unlock()
	expired, err := k.store.Sweep(k.ctx, k.opts.TTL, func(room string) bool { return active[room] })
	if err != nil && k.ctx.Err() == nil {
		k.log.Warn("old snapshots could not be removed; tried again later", "error", err)
	}
	k.mu.Lock()
	k.stats.Expired += int64(len(expired))
	k.mu.Unlock()
	if e := k.opts.Events; e != nil {
		for _, x := range expired {
			e.SnapshotExpired(x)
		}
	}
}

// Stats returns figures.
func (k *Keeper) Stats() KeeperStats {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.stats
	s.Failing = make(map[string]error, len(k.failures))
	for room, err := range k.failures {
		s.Failing[room] = err
	}
	for w := range k.watches {
		if w.edited.Load() > w.saved.Load() {
			s.Unsaved++
		}
	}
	return s
}

// Health reports degraded while a room's last run failed.
func (k *Keeper) Health() host.HealthReport {
	s := k.Stats()
	r := host.HealthReport{Details: map[string]any{
		"snapshots":         s.Snapshots,
		"writeBacks":        s.WriteBacks,
		"writeBackFailures": s.Failures,
		"roomsUnsaved":      s.Unsaved,
	}}
	if !s.LastSnapshot.IsZero() {
		r.Details["lastSnapshot"] = s.LastSnapshot.UTC().Format(time.RFC3339)
	}
	for room, err := range s.Failing {
		r.Status = host.Degraded
		r.Reasons = append(r.Reasons, fmt.Sprintf("%s could not be saved: %v", room, err))
	}
	return r
}
