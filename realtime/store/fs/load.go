package fs

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
)

// Load implements store.Store.
func (s *Store) Load(ctx context.Context, room string) (*store.Loaded, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	l, err := s.load(room, true)
	return l, wrap("load room", room, err)
}

// Peek implements store.Peeker.
func (s *Store) Peek(ctx context.Context, room string) (*store.Loaded, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	l, err := s.load(room, false)
	return l, wrap("look at room", room, err)
}

// Aside implements store.Peeker.
func (s *Store) Aside(ctx context.Context) ([]store.Damage, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	return disk.Kept(s.os, s.damaged())
}

// load finds the best intact state and, if move is set, puts the rest aside.
func (s *Store) load(room string, move bool) (*store.Loaded, error) {
	names, err := s.list(room)
	if err != nil {
		return nil, err
	}
	l := &store.Loaded{}
	var bad []stateName
	var haveMeta, noMeta bool
	var metaSeq uint64
	for _, n := range names {
		snap, damage, err := s.readState(room, n)
		if err != nil {
			return nil, err
		}
		if damage != nil {
			bad = append(bad, n)
			l.Damage = append(l.Damage, store.Damage{Room: room, What: n.title(), Reason: damage.Error()})
		} else if l.Snapshot == nil {
			l.Snapshot = snap
		}
		if haveMeta {
			continue
		}
		meta, seq, damage, err := s.readMeta(room, n)
		if err != nil {
			return nil, err
		}
		if damage != nil {
			l.Damage = append(l.Damage, store.Damage{Room: room, What: "meta of " + n.title(), Reason: damage.Error()})
			noMeta = true
			continue
		}
		l.Meta, metaSeq, haveMeta = meta, seq, true
	}
	if noMeta { // what an older one, or an entry, says besides may not belong to the document
		l.Meta.Aux, metaSeq = nil, math.MaxUint64
	}
	if l.Snapshot == nil {
		if !move {
			l.Snapshot = nil
			return l, store.ErrNoRoom
		}
		return s.nothingIntact(room, names, l)
	}
	if err := s.tail(room, l, metaSeq, move); err != nil {
		return nil, err
	}
	if !move {
		return l, nil
	}
	if len(bad) > 0 {
		// The state that stays takes the meta over before the other goes.
		n := stateName{l.Snapshot.Version, l.Snapshot.Seq}
		if bad[0].version > n.version {
			if err := s.writeMeta(room, n, min(metaSeq, l.LastSeq()), l.Meta); err != nil {
				return nil, err
			}
		}
		if err := s.putAside(room, bad); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// tail reads the entries behind the snapshot and puts aside what follows a gap.
func (s *Store) tail(room string, l *store.Loaded, metaSeq uint64, move bool) error {
	t, told, err := s.journal.Tail(room, l.Snapshot.Seq)
	if err != nil {
		return err
	}
	l.Entries = t.Entries
	l.Damage = append(append(l.Damage, told...), t.Damage(room)...)
	for _, e := range t.Entries {
		if e.Meta != nil && e.Seq > metaSeq {
			l.Meta = *e.Meta
		}
	}
	if !move {
		return nil
	}
	return s.journal.PutAside(room, t.Bad)
}

// nothingIntact puts all of a room aside.
func (s *Store) nothingIntact(room string, names []stateName, l *store.Loaded) (*store.Loaded, error) {
	t, told, err := s.journal.Tail(room, 0)
	if err != nil {
		return nil, err
	}
	if err := s.journal.PutAside(room, t.All("the state it belongs to is damaged")); err != nil {
		return nil, err
	}
	if err := s.journal.Forget(room, 0); err != nil {
		return nil, err
	}
	if err := s.putAside(room, names); err != nil {
		return nil, err
	}
	return &store.Loaded{Damage: append(l.Damage, told...)}, store.ErrNoRoom
}

// putAside moves states with their meta to the damaged folder.
func (s *Store) putAside(room string, names []stateName) error {
	dir := s.damaged()
	if err := s.os.MkdirAll("make damaged folder", dir); err != nil {
		return err
	}
	for _, n := range names {
		to := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", disk.Escape(room), n, time.Now().UnixMilli()))
		if err := s.os.Rename("move damaged state", s.statePath(room, n), to+".state"); err != nil {
			return err
		}
		if err := s.os.Rename("move meta of damaged state", s.metaPath(room, n), to+".meta"); err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(s.os.SyncDir("sync damaged folder", dir), s.os.SyncDir("sync room folder", s.roomDir(room)))
}
