package instance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path/filepath"
	"sync"
	"time"
	"unique"

	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/civicpress/realtimefx/host"
)

// Watch looks, at the interval, for what others change beside this process -
// the Node core on the same database, a git pull, an editor for roles.yml -
// and announces it with the same events as changes made here:
//
//   - a session that is gone (logout, password changed elsewhere): EventSessionEnded
//   - an account with another role, or gone: EventRolesChanged, EventSessionsRevoked
//   - a draft or a record that was saved, created or deleted
//   - a record's file that changed with Git (pull, checkout, commit)
//   - roles.yml
//
// The table of records, which may be long, is read at every fifth look at most.
//
// A change may be announced twice, and one that this process made may be
// announced here again; subscribers compare for themselves. As long as nobody
// writes, a look costs two file stamps and one pragma. stop waits for the
// goroutine.
func (in *Instance) Watch(interval time.Duration) (stop func(), err error) {
	w, err := in.newWatcher(context.Background())
	if err != nil {
		return nil, err
	}
	w.recordsEvery = 5
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		defer w.close()
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := w.look(ctx); err != nil && ctx.Err() == nil {
					in.log.Warn("changes by others cannot be seen now", "error", err)
				}
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}, nil
}

// watcher is what was there at the last look. It belongs to one goroutine.
type watcher struct {
	in   *Instance
	conn *sql.Conn // data_version counts the commits of other connections; it reads nothing else, so that it caches no pages

	// recordsEvery is how many looks pass from one reading of the records to
	// the next.
	recordsEvery, sinceRecords int
	recordsDue                 bool

	version  int64
	git      fileStamp
	sessions map[int64]int64 // user by session
	users    map[int64]string
	drafts   map[string]rowState
	records  map[string]rowState
	files    map[string]uint64 // by record id; mark of its file's stamp
	index    string            // Git's index file, "" without Git
}

// rowState is enough to see that a row changed, within the limits of the
// core's time stamps of one second. There is one for each record that the town
// ever made, so it is small.
type rowState struct {
	id           string
	kind, status unique.Handle[string]
	path         string
	mark         uint64 // of what else may change
}

func (s *rowState) event(id string) host.RecordEvent {
	return host.RecordEvent{RecordID: id, Type: s.kind.Value(), Status: s.status.Value(), Path: s.path}
}

// marks are hashes; two that are equal by chance hide one change.
var marks = maphash.MakeSeed()

func (in *Instance) newWatcher(ctx context.Context) (*watcher, error) {
	conn, err := in.db.Conn(ctx)
	if err != nil {
		return nil, queryError(ctx, "watch instance", err)
	}
	w := &watcher{in: in, conn: conn, recordsEvery: 1}
	if w.version, err = w.dataVersion(ctx); err == nil {
		err = errors.Join(w.read(ctx), w.readRecords(ctx))
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("watch instance: %w", err)
	}
	w.index = indexFile(in.layout.DataDir)
	w.git = w.gitStamp()
	w.files = w.fileStamps()
	return w, nil
}

func (w *watcher) close() { _ = w.conn.Close() }

func (w *watcher) dataVersion(ctx context.Context) (v int64, err error) {
	return v, w.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v)
}

// look announces what changed since the last look.
func (w *watcher) look(ctx context.Context) error {
	w.in.rolesNow()
	version, err := w.dataVersion(ctx)
	if err != nil {
		return err
	}
	before := *w
	if version != w.version {
		if err := w.read(ctx); err != nil {
			return err
		}
		w.version, w.recordsDue = version, true
		w.announceSessions(before)
		w.announceUsers(before)
		w.announceRows(before.drafts, w.drafts, host.EventDraftCreated, host.EventDraftUpdated, host.EventDraftDeleted)
	}
	if w.sinceRecords++; w.recordsDue && w.sinceRecords >= w.recordsEvery {
		if err := w.readRecords(ctx); err != nil {
			return err
		}
		w.recordsDue, w.sinceRecords = false, 0
		w.announceRows(before.records, w.records, host.EventRecordCreated, host.EventRecordUpdated, host.EventRecordDeleted)
	}
	if stamp := w.gitStamp(); stamp != w.git {
		w.git, w.files = stamp, w.fileStamps()
		w.announceFiles(before.files)
	}
	return nil
}

func (w *watcher) announceSessions(before watcher) {
	for id, user := range before.sessions {
		if _, there := w.sessions[id]; !there {
			w.in.announce(host.EventSessionEnded, host.SessionEnded{SessionID: id, UserID: user, Reason: "ended_elsewhere"})
		}
	}
}

func (w *watcher) announceUsers(before watcher) {
	for id, role := range before.users {
		switch now, there := w.users[id]; {
		case !there:
			w.in.announce(host.EventSessionsRevoked, host.SessionsRevoked{UserID: id, Reason: "account_deleted"})
		case now != role:
			w.in.announce(host.EventRolesChanged, host.RolesChanged{UserID: id})
		}
	}
}

func (w *watcher) announceRows(before, now map[string]rowState, created, updated, deleted string) {
	for id, state := range now {
		switch old, there := before[id]; {
		case !there:
			w.in.announce(created, state.event(id))
		case old != state:
			w.in.announce(updated, state.event(id))
			if old.status != state.status && updated == host.EventRecordUpdated {
				ev := state.event(id)
				ev.OldStatus = old.status.Value()
				w.in.announce(host.EventStatusChanged, ev)
			}
		}
	}
	for id, old := range before {
		if _, there := now[id]; !there {
			w.in.announce(deleted, old.event(id))
		}
	}
}

func (w *watcher) announceFiles(before map[string]uint64) {
	for id, stamp := range w.files {
		if old, there := before[id]; there && old != stamp {
			row := w.records[id]
			w.in.announce(host.EventRecordUpdated, row.event(id))
		}
	}
}

// read takes stock of the short tables.
func (w *watcher) read(ctx context.Context) error {
	sessions, users := map[int64]int64{}, map[int64]string{}
	drafts := map[string]rowState{}
	err := errors.Join(
		w.rows(ctx, `SELECT id, user_id FROM sessions`, func(scan func(...any) error) error {
			var id, user int64
			err := scan(&id, &user)
			sessions[id] = user
			return err
		}),
		w.rows(ctx, `SELECT id, role FROM users`, func(scan func(...any) error) error {
			var id int64
			var role string
			err := scan(&id, &role)
			users[id] = role
			return err
		}),
		w.rows(ctx, `SELECT id, type, COALESCE(status, ''), '', COALESCE(CAST(updated_at AS TEXT), ''), COALESCE(octet_length(markdown_body), 0)
			FROM record_drafts`, into(drafts, w.drafts)),
	)
	if err != nil {
		return err
	}
	w.sessions, w.users, w.drafts = sessions, users, drafts
	return nil
}

func (w *watcher) readRecords(ctx context.Context) error {
	records := make(map[string]rowState, len(w.records))
	err := w.rows(ctx, `SELECT id, type, COALESCE(status, ''), COALESCE(path, ''), COALESCE(CAST(updated_at AS TEXT), ''), 0
		FROM records`, into(records, w.records))
	if err == nil {
		w.records = records
	}
	return err
}

// into gathers rows. It takes over the strings of those that were there before:
// new ones, of thousands of rows, would come to lie among what a crowd leaves
// as garbage.
func into(rows, before map[string]rowState) func(func(...any) error) error {
	return func(scan func(...any) error) error {
		var s rowState
		var kind, status string
		var rest struct {
			updated string
			length  int64
		}
		err := scan(&s.id, &kind, &status, &s.path, &rest.updated, &rest.length)
		s.kind, s.status, s.mark = unique.Make(kind), unique.Make(status), maphash.Comparable(marks, rest)
		if old, known := before[s.id]; known {
			s.id = old.id
			if s.path == old.path {
				s.path = old.path
			}
		}
		rows[s.id] = s
		return err
	}
}

func (w *watcher) rows(ctx context.Context, query string, each func(scan func(...any) error) error) error {
	rows, err := w.in.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// indexFile is the file that changes with a pull, a checkout or a commit.
func indexFile(dataDir string) string {
	repo, err := openRepository(dataDir)
	if err != nil {
		return ""
	}
	storage, ok := repo.Storer.(*filesystem.Storage)
	if !ok {
		return ""
	}
	return filepath.Join(storage.Filesystem().Root(), "index")
}

func (w *watcher) gitStamp() fileStamp {
	stamp, _ := stampOf(w.index) // without an index there is nothing to see
	return stamp
}

// fileStamps looks at the file of each record.
func (w *watcher) fileStamps() map[string]uint64 {
	stamps := make(map[string]uint64, len(w.records))
	for id, r := range w.records {
		local, err := localPath(r.path)
		if err != nil {
			continue
		}
		switch info, err := w.in.data.Stat(local); {
		case err == nil:
			stamps[id] = maphash.Comparable(marks, fileStamp{true, info.Size(), info.ModTime()})
		case errors.Is(err, fs.ErrNotExist):
			stamps[id] = 0
		}
	}
	return stamps
}
