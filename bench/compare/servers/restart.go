package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Restart stops ours and starts "civicpress serve" on the data that is there.
// It returns the time from the start of the process until GET /ready says yes.
func (k *Kit) Restart(ctx context.Context, s *Server) (time.Duration, error) {
	if err := s.end(); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := s.spawn(k.civicpress, "serve", "--dir", s.dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0"); err != nil {
		return 0, err
	}
	for s.api = ""; ; {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("civicpress serve ends without saying where it listens: %w", err)
		}
		if _, at, ok := strings.Cut(line, "http://"); ok {
			s.api = "http://" + strings.TrimSuffix(strings.TrimSpace(at), "/")
		}
		if _, at, ok := strings.Cut(line, "ws://"); ok {
			s.addr, _, _ = strings.Cut(at, "/")
			break
		}
	}
	if s.api == "" {
		return 0, errors.New("civicpress serve does not say where its API is")
	}
	for {
		body, err := s.get(ctx, "/ready")
		if err == nil && body == "ready\n" {
			return time.Since(began), nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return 0, fmt.Errorf("wait until it is ready: %w", errors.Join(ctx.Err(), err))
		}
	}
}

// Empty waits until ours has no room open.
func (s *Server) Empty(ctx context.Context) error {
	for {
		body, err := s.get(ctx, "/metrics")
		if err != nil {
			return err
		}
		if strings.Contains(body, "\ncivicpress_realtime_rooms 0\n") {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("wait until no room is open: %w", ctx.Err())
		}
	}
}

func (s *Server) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.api+path, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(answer.Body)
	return string(body), errors.Join(err, answer.Body.Close())
}
