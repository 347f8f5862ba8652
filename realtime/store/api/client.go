package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client speaks the interface, with retries.
type client struct {
	base    string
	token   string
	http    *http.Client
	tries   int
	backoff time.Duration
}

// maxBackoff bounds the pause between two tries.
const maxBackoff = 10 * time.Second

// statusError is an answer that is not 2xx.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answered %d %s: %s", e.status, http.StatusText(e.status), e.text)
}

// transient reports whether trying again may help.
func transient(err error) bool {
	var s *statusError
	if errors.As(err, &s) {
		return s.status == http.StatusTooManyRequests || s.status >= 500
	}
	return true // no answer at all
}

func isStatus(err error, status int) bool {
	var s *statusError
	return errors.As(err, &s) && s.status == status
}

// call makes a request until it succeeds, fails for good, or the tries are
// used up.
func (c *client) call(ctx context.Context, method, record string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	for try := 0; ; try++ {
		err := c.once(ctx, method, record, body, out)
		if err == nil || !transient(err) || try+1 >= c.tries {
			return err
		}
		pause := rand.N(min(c.backoff<<try, maxBackoff) + 1)
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return errors.Join(ctx.Err(), err)
		}
	}
}

func (c *client) once(ctx context.Context, method, record string, body []byte, out any) error {
	u := strings.TrimSuffix(c.base, "/") + "/api/v1/records/" + url.PathEscape(record) + "/collab-snapshot"
	r, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return &statusError{response.StatusCode, firstLine(answer)}
	}
	if out == nil {
		return nil
	}
	envelope := struct {
		Data any `json:"data"`
	}{out}
	if err := json.Unmarshal(answer, &envelope); err != nil {
		return fmt.Errorf("the server's answer cannot be read: %w", err)
	}
	return nil
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return line[:min(len(line), 200)]
}
