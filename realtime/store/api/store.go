package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// Options says where the other server is.
type Options struct {
	URL   string      // for example "https://civic.example.org"
	Token string      // service token
	Local store.Store // journal and copies; owned by the store from Open on
	// Tries of each request. 0 = 5.
	Tries int
	// Backoff is the longest first pause; it doubles with each try. 0 = 200 ms.
	Backoff time.Duration
	Client  *http.Client // nil = one with a timeout of 30 s
	Logger  *slog.Logger // nil = slog.Default()
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Peeker = (*Store)(nil)
)

// Store is a Store whose snapshots also go to another server. What it does not
// define itself is the local store's.
type Store struct {
	store.Store
	client client
	log    *slog.Logger
}

// Open makes the store. It sends nothing.
func Open(o Options) (*Store, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("api store: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("api store: %q is not an http or https address", o.URL)
	case o.Token == "":
		return nil, errors.New("api store: no service token given")
	case o.Local == nil:
		return nil, errors.New("api store: no local store for the journal given")
	}
	if o.Tries <= 0 {
		o.Tries = 5
	}
	if o.Backoff <= 0 {
		o.Backoff = 200 * time.Millisecond
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 30 * time.Second}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Store{Store: o.Local, log: o.Logger, client: client{o.URL, o.Token, o.Client, o.Tries, o.Backoff}}, nil
}

// fetch gets what the other server has of a room; nil if nothing.
func (s *Store) fetch(ctx context.Context, room string) (*store.Snapshot, store.Meta, error) {
	record, ok := recordOf(room)
	if !ok {
		return nil, store.Meta{}, nil
	}
	var m message
	err := s.client.call(ctx, http.MethodGet, record, nil, &m)
	if isStatus(err, http.StatusNotFound) {
		return nil, store.Meta{}, nil
	}
	if err != nil {
		return nil, store.Meta{}, fmt.Errorf("ask %s for %s: %w", s.client.base, room, err)
	}
	snap, meta, err := m.open(room)
	if err != nil {
		return nil, store.Meta{}, fmt.Errorf("answer of %s for %s: %w", s.client.base, room, err)
	}
	return snap, meta, nil
}

// push sends a snapshot.
func (s *Store) push(ctx context.Context, snap *store.Snapshot, meta store.Meta) error {
	record, ok := recordOf(snap.Room)
	if !ok {
		return nil
	}
	err := s.client.call(ctx, http.MethodPost, record, newMessage(snap, meta), nil)
	if isStatus(err, http.StatusConflict) {
		err = fmt.Errorf("%w: %w", store.ErrSeqTaken, err)
	}
	if err != nil {
		return fmt.Errorf("send snapshot of %s to %s: %w", snap.Room, s.client.base, err)
	}
	return nil
}

// Load implements store.Store. What is here counts; what is only there is
// copied; of the same lineage both are united.
func (s *Store) Load(ctx context.Context, room string) (*store.Loaded, error) {
	l, err := s.Store.Load(ctx, room)
	if err != nil && !errors.Is(err, store.ErrNoRoom) {
		return nil, err
	}
	missing := err != nil
	snap, meta, ferr := s.fetch(ctx, room)
	switch {
	case ferr != nil && missing:
		return nil, ferr // not known: the room must not open
	case ferr != nil:
		s.log.Warn("the other server does not answer; the local copy is used", "room", room, "error", ferr)
	case snap == nil:
		return l, err
	case missing:
		var damage []store.Damage
		if l != nil {
			damage = l.Damage
		}
		if err := s.Store.Create(ctx, room, meta, *snap); err != nil {
			return nil, err
		}
		l, err := s.Store.Load(ctx, room)
		if err == nil {
			l.Damage = append(l.Damage, damage...)
		}
		return l, err
	case bytes.Equal(snap.State, l.Snapshot.State): // our own
	case meta.Lineage != l.Meta.Lineage:
		s.log.Warn("the other server's document grew from another seed; the local one is used", "room", room)
	default:
		both, err := yjs.MergeUpdates([][]byte{l.Snapshot.State, snap.State})
		if err != nil {
			return nil, fmt.Errorf("unite %s with the copy of %s: %w", room, s.client.base, err)
		}
		l.Snapshot.State, l.Snapshot.Vector = both, nil
	}
	return l, nil
}

// SaveSnapshot implements store.Store: first here, then there.
func (s *Store) SaveSnapshot(ctx context.Context, snap store.Snapshot, meta store.Meta) (int64, error) {
	version, err := s.Store.SaveSnapshot(ctx, snap, meta)
	if err != nil {
		return 0, err
	}
	snap.Version = version
	if snap.CreatedAt.IsZero() {
		snap.CreatedAt = time.Now()
	}
	if err := s.push(ctx, &snap, meta); err != nil {
		return 0, err
	}
	return version, nil
}

// Delete implements store.Store: first there, so that it cannot come back from
// there.
func (s *Store) Delete(ctx context.Context, room string) error {
	if record, ok := recordOf(room); ok {
		err := s.client.call(ctx, http.MethodDelete, record, nil, nil)
		if err != nil && !isStatus(err, http.StatusNotFound) {
			return fmt.Errorf("delete %s on %s: %w", room, s.client.base, err)
		}
	}
	return s.Store.Delete(ctx, room)
}

// Peek implements store.Peeker: what is here.
func (s *Store) Peek(ctx context.Context, room string) (*store.Loaded, error) {
	if p, ok := s.Store.(store.Peeker); ok {
		return p.Peek(ctx, room)
	}
	return nil, errors.ErrUnsupported
}

// Aside implements store.Peeker.
func (s *Store) Aside(ctx context.Context) ([]store.Damage, error) {
	if p, ok := s.Store.(store.Peeker); ok {
		return p.Aside(ctx)
	}
	return nil, errors.ErrUnsupported
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.client.http.CloseIdleConnections()
	return s.Store.Close()
}
