package servers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// SetBlob makes a state the answer of a relay to newcomers of a room. For a
// server that knows documents it does nothing and returns false.
func (s *Server) SetBlob(ctx context.Context, room int, state []byte) (done bool, err error) {
	if s.Name != Relay && s.Name != RelayDrained {
		return false, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://%s/blob/bench-%d", s.addr, room), bytes.NewReader(state))
	if err != nil {
		return true, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return true, fmt.Errorf("bring the document: %w", err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	if err := answer.Body.Close(); err != nil {
		return true, err
	}
	if answer.StatusCode != http.StatusNoContent {
		return true, fmt.Errorf("bring the document: %s", answer.Status)
	}
	return true, nil
}
