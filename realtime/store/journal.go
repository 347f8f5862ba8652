package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// ErrJournalFull: the journal holds as many unwritten bytes as it may while
// the disk fails. The caller must refuse the edit before applying it.
var ErrJournalFull = errors.New("journal is full: the disk has been failing for too long")

// Defaults of JournalOptions.
const (
	DefaultCommitInterval = 20 * time.Millisecond
	DefaultMaxPending     = 64 << 20
	DefaultMaxBackoff     = 5 * time.Second
	DefaultAppendTimeout  = 30 * time.Second
)

// JournalOptions configures a Journal. The zero value is good.
type JournalOptions struct {
	// CommitInterval is the time within which an entry becomes durable when
	// the disk keeps up: at most one commit starts per interval, and one that
	// comes after a pause starts at once. 0 = DefaultCommitInterval, negative
	// = commit whenever there is something.
	CommitInterval time.Duration
	// MaxPending bounds the bytes held while the disk fails, over all rooms.
	// 0 = DefaultMaxPending.
	MaxPending int64
	// MaxBackoff bounds the pause between retries. 0 = DefaultMaxBackoff.
	MaxBackoff time.Duration
	// AppendTimeout ends a commit that hangs, so that it counts as failing.
	// 0 = DefaultAppendTimeout.
	AppendTimeout time.Duration
	// Observer, if not nil, is told about each commit on the journal's
	// goroutine; it must not block.
	Observer JournalObserver
	Logger   *slog.Logger // nil = slog.Default()
}

// JournalObserver feeds metrics.
type JournalObserver interface {
	// Committed reports one successful commit: how many entries and bytes,
	// how long the store took, and how long the oldest entry had waited in
	// all (the delay of "saved").
	Committed(entries, bytes int, took, delay time.Duration)
	// CommitFailed reports one failed attempt.
	CommitFailed(err error)
}

// Listener is told about a room's entries, on the journal's goroutine: it must
// not block (a room posts to its inbox).
type Listener interface {
	// Durable: every entry up to and including through is on stable storage.
	Durable(through uint64)
	// Failing: entries of this room could not be written since the given
	// time. They are kept and retried, unless err is a *RoomError: then this
	// room's entries can never be stored, and the room must close.
	Failing(err error, since time.Time)
	// Recovered: after Failing, everything up to now has been written.
	Recovered()
}

// Journal makes the entries of all rooms durable by group commit: one
// goroutine, one store call (one fsync) for everything that arrived.
type Journal struct {
	store Store
	opts  JournalOptions
	log   *slog.Logger

	wake chan struct{} // capacity 1; never closed
	stop chan struct{} // closed by Stop
	done chan struct{} // closed when the goroutine has ended
	once sync.Once     // closes stop

	abandoned context.Context // ends when Stop's time is over
	abandon   context.CancelFunc

	mu      sync.Mutex // guards what follows and the fields of every Log
	started bool
	stopped bool
	queue   []queued  // not yet handed to the store
	spare   []queued  // the queue of the commit before, for reuse
	writing time.Time // arrival of the oldest entry in the store's hands; zero = none
	bytes   int64     // of queue and of the batch being written
	waiting int       // entries in queue and in the batch being written
	since   time.Time
	lastErr error
	stats   JournalStats
}

type queued struct {
	entry Entry
	log   *Log
	at    time.Time
}

// JournalStats are figures since the start.
type JournalStats struct {
	Entries, Bytes, Commits, Failures int64
	Pending                           int           // entries not durable now
	PendingBytes                      int64         // their size
	Lag                               time.Duration // age of the oldest of them
	FailingSince                      time.Time     // zero = not failing
	LastError                         error
}

// NewJournal returns a journal on s. It does nothing until Start.
func NewJournal(s Store, o JournalOptions) *Journal {
	if o.CommitInterval == 0 {
		o.CommitInterval = DefaultCommitInterval
	}
	if o.MaxPending <= 0 {
		o.MaxPending = DefaultMaxPending
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = DefaultMaxBackoff
	}
	if o.AppendTimeout <= 0 {
		o.AppendTimeout = DefaultAppendTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	j := &Journal{
		store: s, opts: o, log: o.Logger,
		wake: make(chan struct{}, 1),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	j.abandoned, j.abandon = context.WithCancel(context.Background())
	return j
}

// Start starts the commit goroutine. ctx bounds only the start.
func (j *Journal) Start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.started || j.stopped {
		return errors.New("journal: started twice")
	}
	j.started = true
	go j.run()
	return nil
}

// Stop writes what is pending and ends the goroutine. When ctx ends first, or
// the store fails, it returns an error that says how many entries are not
// durable.
func (j *Journal) Stop(ctx context.Context) error {
	j.mu.Lock()
	j.stopped = true
	started := j.started
	j.mu.Unlock()
	if started {
		defer context.AfterFunc(ctx, j.abandon)()
		j.once.Do(func() { close(j.stop) })
		<-j.done
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.waiting > 0 {
		return fmt.Errorf("journal: stopped with %d entries (%d bytes) that are not on disk: %w", j.waiting, j.bytes, j.lastErrLocked())
	}
	return nil
}

func (j *Journal) lastErrLocked() error {
	if j.lastErr != nil {
		return j.lastErr
	}
	return context.DeadlineExceeded
}

// Open returns the log of one room. lastSeq is the last sequence number in the
// store; the next entry must carry lastSeq+1.
func (j *Journal) Open(room string, lastSeq uint64, l Listener) *Log {
	return &Log{journal: j, room: room, listener: l, last: lastSeq, durable: lastSeq}
}

// Stats returns figures.
func (j *Journal) Stats() JournalStats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	s.Pending, s.PendingBytes = j.waiting, j.bytes
	s.FailingSince, s.LastError = j.since, j.lastErr
	s.Lag = j.lagLocked(time.Now())
	return s
}

// Log is one room's end of the journal.
type Log struct {
	journal  *Journal
	room     string
	listener Listener

	// The fields below are guarded by journal.mu.
	last    uint64 // last sequence number taken by Append
	durable uint64 // last one announced
	told    bool   // the listener has been told Failing
	broken  error  // a *RoomError: nothing can be stored any more
	closed  bool
	wait    chan struct{} // closed by wakeLocked at the next news; nil if nobody waits
}

// Append queues an entry and takes ownership of its update. It never blocks.
// The errors: ErrJournalFull; ErrClosed after Close or Stop; a *RoomError when
// this room's entries cannot be stored at all. On an error nothing was queued.
func (l *Log) Append(e Entry) error {
	j := l.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := l.checkLocked(len(e.Update)); err != nil {
		return err
	}
	if e.Seq != l.last+1 {
		return fmt.Errorf("journal: room %s: entry %d does not follow %d", l.room, e.Seq, l.last)
	}
	l.last = e.Seq
	e.Room = l.room
	now := time.Now()
	if e.At.IsZero() {
		e.At = now
	}
	j.queue = append(j.queue, queued{entry: e, log: l, at: now})
	j.bytes += size(&e)
	j.waiting++
	if len(j.queue) == 1 || (j.lastErr != nil && !l.told) {
		select {
		case j.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// CanAppend reports whether an update of n bytes could be appended now: nil or
// the error that Append would give. Rooms ask before they apply an edit.
func (l *Log) CanAppend(n int) error {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	return l.checkLocked(n)
}

func (l *Log) checkLocked(n int) error {
	switch j := l.journal; {
	case l.broken != nil:
		return l.broken
	case l.closed || j.stopped:
		return ErrClosed
	case j.bytes+int64(n)+entryOverhead > j.opts.MaxPending:
		return ErrJournalFull
	}
	return nil
}

// Durable returns the last sequence number known to be on stable storage.
func (l *Log) Durable() uint64 {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	return l.durable
}

// Flush waits until everything appended so far is durable. A room must flush
// before it is dropped: otherwise it could be loaded again without the entries
// that still wait, and their numbers be used twice.
func (l *Log) Flush(ctx context.Context) error {
	j := l.journal
	for {
		j.mu.Lock()
		if l.broken != nil || l.durable >= l.last {
			defer j.mu.Unlock()
			return l.broken
		}
		if l.wait == nil {
			l.wait = make(chan struct{})
		}
		wait := l.wait
		j.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		case <-j.done:
			j.mu.Lock()
			defer j.mu.Unlock()
			if l.durable < l.last {
				return fmt.Errorf("room %s: edits %d to %d are not on disk: %w", l.room, l.durable+1, l.last, j.lastErrLocked())
			}
			return nil
		}
	}
}

// wakeLocked wakes those who wait in Flush.
func (l *Log) wakeLocked() {
	if l.wait != nil {
		close(l.wait)
		l.wait = nil
	}
}

// Close ends the log: no more appends and, from the next commit on, no more
// calls of the listener. What was appended is still written.
func (l *Log) Close() {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	l.closed = true
}

const entryOverhead = 128 // memory of an entry beside its bytes

func size(e *Entry) int64 {
	n := entryOverhead + len(e.Update)
	if e.Meta != nil {
		n += len(e.Meta.Aux)
	}
	return int64(n)
}
