package instance

import (
	"context"
	"database/sql"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
)

const (
	// maxLookups bounds each kind of what is remembered.
	maxLookups = 4096
	// settled is how old a file must be for its time stamp to tell the next
	// change apart: file systems count in steps of some milliseconds.
	settled = 2 * time.Second
)

// lookups remember what everybody who joins asks of the core, for as long as
// nobody has changed the database, here or in another process. That is one
// question to SQLite (PRAGMA data_version) instead of two that read tables.
//
// The question is asked by a goroutine of its own: SQLite needs a deep stack,
// which the goroutine of each connection would have to grow; and one answer
// serves everybody who asked before the question was put.
type lookups struct {
	questions chan chan<- uint64
	stop      chan struct{} // closed by close
	stopped   chan struct{} // closed when the goroutine has ended

	// The goroutine's own.
	db      *sql.DB
	conn    *sql.Conn // never writes: a connection is told what others changed
	ask     *sql.Stmt // of conn
	version int64     // of what is remembered

	mu       sync.Mutex
	round    uint64                  // guarded by mu; counts the versions, and the first is 1
	sessions map[string]host.Session // guarded by mu; by the token's hash
	kinds    map[string]kind         // guarded by mu; by the record's id
}

// kind is the type of a record, as its file said when it looked like this.
type kind struct {
	name   string
	local  string // path in the data directory; "" = there is none
	stamp  fileStamp
	looked time.Time // when it was last seen to be so
}

func (l *lookups) start(db *sql.DB) {
	l.db, l.questions = db, make(chan chan<- uint64, 64)
	l.stop, l.stopped = make(chan struct{}), make(chan struct{})
	go l.run()
}

// close ends the goroutine; the database must still be open.
func (l *lookups) close() {
	if l.stop != nil {
		close(l.stop)
		<-l.stopped
	}
}

func (l *lookups) run() {
	defer close(l.stopped)
	defer l.hangUp()
	var waiting []chan<- uint64
	for {
		select {
		case <-l.stop:
			return
		case first := <-l.questions:
			waiting = append(waiting, first)
		}
		runtime.Gosched() // whoever is about to ask shall be answered, too
		for len(l.questions) > 0 {
			waiting = append(waiting, <-l.questions)
		}
		round := l.look()
		for i, answer := range waiting {
			answer <- round
			waiting[i] = nil
		}
		waiting = waiting[:0]
	}
}

// look forgets everything if the database has changed, and returns the number
// of the present round, 0 if nothing can be said.
func (l *lookups) look() uint64 {
	had := l.ask != nil
	version, err := l.dataVersion()
	if err != nil {
		l.hangUp() // the connection may be broken; the next question makes another
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if version != l.version || !had { // another connection counts from another number
		l.version = version
		l.round++
		l.sessions, l.kinds = nil, nil
	}
	return l.round
}

// dataVersion has no context: it waits for nothing, and to watch one the driver
// starts a goroutine.
func (l *lookups) dataVersion() (version int64, err error) {
	if l.ask == nil {
		if l.conn, err = l.db.Conn(context.Background()); err != nil {
			return 0, err
		}
		if l.ask, err = l.conn.PrepareContext(context.Background(), `PRAGMA data_version`); err != nil {
			return 0, err
		}
	}
	return version, l.ask.QueryRow().Scan(&version)
}

func (l *lookups) hangUp() {
	if l.ask != nil {
		_ = l.ask.Close()
	}
	if l.conn != nil {
		_ = l.conn.Close()
	}
	l.ask, l.conn = nil, nil
}

var answers = sync.Pool{New: func() any { return make(chan uint64, 1) }}

// now returns the present round, 0 if nothing is known.
func (l *lookups) now(ctx context.Context) uint64 {
	answer := answers.Get().(chan uint64)
	select {
	case l.questions <- answer:
	case <-l.stop:
		return 0
	case <-ctx.Done():
		return 0
	}
	select {
	case round := <-answer:
		answers.Put(answer)
		return round
	case <-l.stopped:
		return 0
	case <-ctx.Done():
		return 0
	}
}

// recall returns what is remembered under a key, else the round in which it is
// looked up.
func recall[T any](ctx context.Context, l *lookups, known *map[string]T, key string) (v T, round uint64, ok bool) {
	round = l.now(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if round == 0 || round != l.round {
		return v, round, false
	}
	v, ok = (*known)[key]
	return v, round, ok
}

// remember keeps what was looked up, unless the database may have changed since
// the round began.
func remember[T any](l *lookups, known *map[string]T, key string, v T, round uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if round == 0 || round != l.round {
		return
	}
	if *known == nil || len(*known) >= maxLookups {
		*known = make(map[string]T)
	}
	(*known)[key] = v
}

// session does not return one that has expired meanwhile.
func (l *lookups) session(ctx context.Context, hash string, at time.Time) (s host.Session, round uint64, ok bool) {
	s, round, ok = recall(ctx, l, &l.sessions, hash)
	return s, round, ok && s.ExpiresAt.After(at)
}

func (l *lookups) keepSession(hash string, s host.Session, round uint64) {
	remember(l, &l.sessions, hash, s, round)
}

func (l *lookups) kind(ctx context.Context, id string) (k kind, round uint64, ok bool) {
	return recall(ctx, l, &l.kinds, id)
}

func (l *lookups) keepKind(id string, k kind, round uint64) { remember(l, &l.kinds, id, k, round) }

// RecordType returns the type of a published record, as Record does. It reads
// the file only if it has changed, and looks for that once in a glance.
func (in *Instance) RecordType(ctx context.Context, id string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	k, round, ok := in.seen.kind(ctx, id)
	now := time.Now()
	if ok && now.Sub(k.looked) < glance {
		return k.name, nil
	}
	if ok && in.stamp(k.local) == k.stamp {
		k.looked = now
		in.seen.keepKind(id, k, round)
		return k.name, nil
	}
	r, err := in.row(ctx, id)
	if err != nil {
		return "", err
	}
	local, err := localPath(r.Path)
	if err != nil {
		local = ""
	}
	before := in.stamp(local)
	if r, err = in.withFile(ctx, r); err != nil {
		return "", err
	}
	if time.Since(before.mtime) > settled {
		in.seen.keepKind(id, kind{r.Type, local, before, now}, round)
	}
	return r.Type, nil
}

// stamp is what a file looks like from outside. Unlike reading, this follows
// links out of the data directory: it decides only whether to read again.
func (in *Instance) stamp(local string) fileStamp {
	if local == "" {
		return fileStamp{}
	}
	s, _ := stampOf(filepath.Join(in.data.Name(), local)) // what cannot be looked at is read, and says why
	return s
}
