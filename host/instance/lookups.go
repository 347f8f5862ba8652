package instance

import (
	"context"
	"database/sql"
	"path/filepath"
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
type lookups struct {
	db *sql.DB

	mu       sync.Mutex
	conn     *sql.Conn               // guarded by mu; its own, which never writes: a connection is told what others changed
	ask      *sql.Stmt               // guarded by mu; of conn
	version  int64                   // guarded by mu; of what is remembered
	round    uint64                  // guarded by mu; counts the versions, and the first is 1
	sessions map[string]host.Session // guarded by mu; by the token's hash
	kinds    map[string]kind         // guarded by mu; by the record's id
}

// kind is the type of a record, as its file said when it looked like this.
type kind struct {
	name  string
	local string // path in the data directory; "" = there is none
	stamp fileStamp
}

// roundLocked forgets everything if the database has changed, and returns the
// number of the present round, 0 if nothing can be said.
func (l *lookups) roundLocked() uint64 {
	version, err := l.versionLocked()
	if err != nil {
		l.closeLocked() // the connection may be broken; the next question makes another
		return 0
	}
	if version != l.version || l.round == 0 {
		l.version = version
		l.round++
		l.sessions, l.kinds = nil, nil
	}
	return l.round
}

// versionLocked asks without a context: that would start a goroutine in the
// driver, and the answer waits for nothing.
func (l *lookups) versionLocked() (version int64, err error) {
	if l.ask == nil {
		if l.conn, err = l.db.Conn(context.Background()); err != nil {
			return 0, err
		}
		if l.ask, err = l.conn.PrepareContext(context.Background(), `PRAGMA data_version`); err != nil {
			return 0, err
		}
		l.round++ // another connection counts from another number
		l.sessions, l.kinds = nil, nil
	}
	return version, l.ask.QueryRow().Scan(&version)
}

func (l *lookups) closeLocked() {
	if l.ask != nil {
		_ = l.ask.Close()
	}
	if l.conn != nil {
		_ = l.conn.Close()
	}
	l.ask, l.conn = nil, nil
}

// close lets go of the connection; the database must still be open.
func (l *lookups) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeLocked()
}

// session returns a session that is remembered, else the round in which it is
// looked up.
func (l *lookups) session(hash string, now time.Time) (s host.Session, round uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	round = l.roundLocked()
	s, ok = l.sessions[hash]
	return s, round, ok && round != 0 && s.ExpiresAt.After(now)
}

// keepSession remembers a session, unless the database may have changed since
// the round began.
func (l *lookups) keepSession(hash string, s host.Session, round uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if round == 0 || round != l.round {
		return
	}
	if l.sessions == nil || len(l.sessions) >= maxLookups {
		l.sessions = make(map[string]host.Session)
	}
	l.sessions[hash] = s
}

// kind and keepKind are the same for the types of records.
func (l *lookups) kind(id string) (k kind, round uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	round = l.roundLocked()
	k, ok = l.kinds[id]
	return k, round, ok && round != 0
}

func (l *lookups) keepKind(id string, k kind, round uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if round == 0 || round != l.round {
		return
	}
	if l.kinds == nil || len(l.kinds) >= maxLookups {
		l.kinds = make(map[string]kind)
	}
	l.kinds[id] = k
}

// RecordType returns the type of a published record, as Record does. It reads
// the file only if it has changed.
func (in *Instance) RecordType(ctx context.Context, id string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	k, round, ok := in.seen.kind(id)
	if ok && in.stamp(k.local) == k.stamp {
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
		in.seen.keepKind(id, kind{r.Type, local, before}, round)
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
