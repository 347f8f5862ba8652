package realtimefx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/api"
	"github.com/civicpress/realtimefx/realtime/store/fs"
)

// The snapshot interface: what snapshots.api_token_file turns on. With storage:
// api we are its client, otherwise we serve it to others.

// openAPI opens a store whose snapshots are on another server.
func openAPI(ctx context.Context, c config.Snapshots, dir, folder string, log *slog.Logger) (store.Store, error) {
	token, err := readToken(under(dir, c.APITokenFile, ""))
	if err != nil {
		return nil, err
	}
	local, err := fs.Open(ctx, fs.Options{Dir: folder, Logger: log})
	if err != nil {
		return nil, err
	}
	s, err := api.Open(api.Options{URL: c.APIURL, Token: token, Local: local, Logger: log})
	if err != nil {
		return nil, errors.Join(err, local.Close())
	}
	return s, nil
}

func readToken(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("snapshots.api_token_file: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if len(token) < 16 {
		return "", fmt.Errorf("snapshots.api_token_file: %s holds %d characters; a service token has at least 16", file, len(token))
	}
	return token, nil
}

// snapshotAPI serves the interface from Start on.
type snapshotAPI struct{ handler atomic.Pointer[http.Handler] }

func (a *snapshotAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := a.handler.Load()
	if h == nil {
		http.Error(w, "not started", http.StatusServiceUnavailable)
		return
	}
	(*h).ServeHTTP(w, r)
}

// serve makes the part that reads the token and begins to serve.
func (a *snapshotAPI) serve(file string, s *storage, open func(room string) bool, log *slog.Logger) part {
	return part{
		name: "snapshot interface",
		start: func(context.Context) error {
			token, err := readToken(file)
			if err != nil {
				return err
			}
			h, err := api.NewHandler(api.HandlerOptions{Backend: s, Token: token, Open: open, Logger: log})
			if err != nil {
				return err
			}
			a.handler.Store(&h)
			return nil
		},
		stop: func(context.Context) error {
			a.handler.Store(nil)
			return nil
		},
	}
}

var _ api.Backend = (*storage)(nil)

// Peek implements store.Peeker, if the store that was opened does.
func (s *storage) Peek(ctx context.Context, room string) (*store.Loaded, error) {
	if p, ok := s.Store.(store.Peeker); ok {
		return p.Peek(ctx, room)
	}
	return nil, errors.ErrUnsupported
}

// Aside implements store.Peeker.
func (s *storage) Aside(ctx context.Context) ([]store.Damage, error) {
	if p, ok := s.Store.(store.Peeker); ok {
		return p.Aside(ctx)
	}
	return nil, errors.ErrUnsupported
}
