package hooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// Options of an Emitter. The zero value means the defaults.
type Options struct {
	Logger *slog.Logger // default: discards
	// QueueSize is how many events may wait for the bus; beyond that the
	// newest is dropped. Default 4096.
	QueueSize int
	// Timeout is how long the queue waits for the bus to take one event.
	// Default 5 s.
	Timeout time.Duration
	// MaxOverdue is how many calls that overstayed Timeout may still be
	// running before the queue waits for one of them. Default 8.
	MaxOverdue int
}

// Stats counts what became of the events since the start.
type Stats struct {
	Queued    int // waiting now
	Overdue   int // calls of the bus that overstayed their time and still run
	Forwarded uint64
	Failed    uint64 // the bus returned an error
	Panicked  uint64 // the bus or a subscriber of it panicked
	TimedOut  uint64
	Dropped   uint64 // the queue was full, or the emitter stopped
}

// Emitter is the queue between the plugin and the core's hook bus.
type Emitter struct {
	bus     host.HookEmitter // nil: events are counted as forwarded to nobody
	opt     Options
	overdue chan struct{} // one token for each call that overstays

	wake chan struct{} // capacity 1; a token says the queue may not be empty
	done chan struct{} // closed by the forwarder when it ends

	base   context.Context // of the bus calls; ends when Stop gives up
	cancel context.CancelFunc
	calls  sync.WaitGroup

	mu       sync.Mutex
	queue    []Event // guarded by mu
	stats    Stats   // guarded by mu
	started  bool    // guarded by mu
	stopping bool    // guarded by mu
	lastLog  time.Time
}

var _ Sink = (*Emitter)(nil)

// NewEmitter returns an emitter that forwards to bus, which may be nil. Events
// emitted before Start wait in the queue.
func NewEmitter(bus host.HookEmitter, o Options) *Emitter {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.QueueSize <= 0 {
		o.QueueSize = 4096
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.MaxOverdue <= 0 {
		o.MaxOverdue = 8
	}
	base, cancel := context.WithCancel(context.Background())
	return &Emitter{
		bus:     bus,
		opt:     o,
		overdue: make(chan struct{}, o.MaxOverdue),
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		base:    base,
		cancel:  cancel,
	}
}

// Emit queues an event. It never blocks; an event without data is ignored.
func (e *Emitter) Emit(ev Event) {
	if ev.Data == nil {
		return
	}
	if ev.Timestamp.IsZero() {
		ev.Timestamp = time.Now()
	}
	if ev.CorrelationID == "" {
		ev.CorrelationID = host.NewCorrelationID()
	}
	e.mu.Lock()
	full := e.stopping || len(e.queue) >= e.opt.QueueSize
	if full {
		e.stats.Dropped++
	} else {
		e.queue = append(e.queue, ev)
	}
	e.mu.Unlock()
	if full {
		e.complain("hook dropped", ev.Name(), errQueueFull)
		return
	}
	e.signal()
}

var errQueueFull = errors.New("the hook queue is full or stopped")

// Start begins to forward. It may be called once.
func (e *Emitter) Start(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started || e.stopping {
		return errors.New("hooks: the emitter was started already")
	}
	e.started = true
	go e.forward()
	return nil
}

// Stop forwards what is queued, takes no more, and waits for the bus until
// ctx ends.
func (e *Emitter) Stop(ctx context.Context) error {
	e.mu.Lock()
	started := e.started
	e.stopping = true
	e.mu.Unlock()
	defer e.cancel()
	if !started {
		return nil
	}
	e.signal()

	idle := make(chan struct{})
	go func() {
		<-e.done
		e.calls.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hooks: %d events still queued, %d subscribers still busy: %w",
			e.Stats().Queued, e.Stats().Overdue, context.Cause(ctx))
	}
}

// Stats returns the counts.
func (e *Emitter) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.Queued, s.Overdue = len(e.queue), len(e.overdue)
	return s
}

func (e *Emitter) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// forward hands the queued events to the bus until the emitter stops.
func (e *Emitter) forward() {
	defer close(e.done)
	for {
		ev, ok, stopping := e.next()
		switch {
		case ok:
			e.deliver(ev)
		case stopping:
			return
		default:
			select {
			case <-e.wake:
			case <-e.base.Done():
				return
			}
		}
		if e.base.Err() != nil { // Stop gave up
			return
		}
	}
}

func (e *Emitter) next() (ev Event, ok, stopping bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		e.queue = nil // let go of what a storm had grown
		return Event{}, false, e.stopping
	}
	ev, e.queue[0] = e.queue[0], Event{}
	e.queue = e.queue[1:]
	return ev, true, e.stopping
}

// deliver calls the bus and waits for it, but not longer than the timeout.
func (e *Emitter) deliver(ev Event) {
	if e.bus == nil {
		e.count(func(s *Stats) { s.Forwarded++ })
		return
	}
	ctx, cancel := context.WithTimeout(e.base, e.opt.Timeout)
	result := make(chan error, 1)
	e.calls.Go(func() { result <- e.call(ctx, ev) })

	select {
	case err := <-result:
		cancel()
		e.settle(ev, err)
	case <-ctx.Done():
		e.count(func(s *Stats) { s.TimedOut++ })
		e.complain("hook subscriber is slow", ev.Name(), ctx.Err())
		e.leaveBehind(result, cancel)
	}
}

// leaveBehind lets a call that overstayed run on beside the queue. It blocks
// while too many do.
func (e *Emitter) leaveBehind(result <-chan error, cancel context.CancelFunc) {
	select {
	case e.overdue <- struct{}{}:
	case <-result:
		cancel()
		return
	case <-e.base.Done():
		cancel()
		return
	}
	e.calls.Go(func() {
		<-result
		cancel()
		<-e.overdue
	})
}

// call runs the bus and turns a panic into an error.
func (e *Emitter) call(ctx context.Context, ev Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", host.ErrSubscriberPanicked, r)
		}
	}()
	return e.bus.Emit(ctx, ev.Name(), ev)
}

func (e *Emitter) settle(ev Event, err error) {
	switch {
	case err == nil:
		e.count(func(s *Stats) { s.Forwarded++ })
		return
	case errors.Is(err, host.ErrSubscriberPanicked):
		e.count(func(s *Stats) { s.Panicked++ })
	default:
		e.count(func(s *Stats) { s.Failed++ })
	}
	e.complain("hook failed", ev.Name(), err)
}

func (e *Emitter) count(f func(*Stats)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(&e.stats)
}

// complain logs at most once a second: a storm of hooks must not become a
// storm of log lines.
func (e *Emitter) complain(msg, name string, err error) {
	now := time.Now()
	e.mu.Lock()
	quiet := now.Sub(e.lastLog) < time.Second && !e.lastLog.IsZero()
	if !quiet {
		e.lastLog = now
	}
	dropped := e.stats.Dropped
	e.mu.Unlock()
	if !quiet {
		e.opt.Logger.Warn(msg, "op", "hooks.emit", "hook", name, "error", err, "dropped_total", dropped)
	}
}
