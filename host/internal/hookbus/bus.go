// Package hookbus is the in-process hook bus that the hosts of this module
// share: events go to the subscribers in the order of their subscription, on
// the emitter's goroutine, one after the other. It owns no goroutine and
// keeps no event: who subscribes later has missed it.
package hookbus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/civicpress/realtimefx/host"
)

// Bus is a hook bus. The zero value is ready.
type Bus struct {
	// Enabled says whether an event is delivered at all; nil = all are. Set
	// before the first Emit.
	Enabled func(event string) bool
	// Logger gets subscribers' panics; nil = slog.Default. Set before the
	// first Emit.
	Logger *slog.Logger

	mu   sync.Mutex
	subs map[string][]*subscription // guarded by mu; slices are never changed in place
}

type subscription struct {
	fn func(context.Context, any)
}

var (
	_ host.HookEmitter    = (*Bus)(nil)
	_ host.HookSubscriber = (*Bus)(nil)
)

// Emit calls each subscriber in turn. A subscriber's panic is logged and does
// not reach the subscribers after it; the emitter learns of it by an error that
// wraps host.ErrSubscriberPanicked.
func (b *Bus) Emit(ctx context.Context, event string, payload any) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("emit %s: %w", event, err)
	}
	if b.Enabled != nil && !b.Enabled(event) {
		return nil
	}
	b.mu.Lock()
	subs := b.subs[event]
	b.mu.Unlock()
	panicked := 0
	for _, s := range subs {
		if !b.call(ctx, event, payload, s) {
			panicked++
		}
	}
	if panicked > 0 {
		return fmt.Errorf("emit %s: %d of %d: %w", event, panicked, len(subs), host.ErrSubscriberPanicked)
	}
	return nil
}

// call reports whether the subscriber returned.
func (b *Bus) call(ctx context.Context, event string, payload any, s *subscription) (returned bool) {
	defer func() {
		if r := recover(); r != nil {
			log := b.Logger
			if log == nil {
				log = slog.Default()
			}
			log.Error("hook subscriber panicked", "event", event, "panic", fmt.Sprint(r))
		}
	}()
	s.fn(ctx, payload)
	return true
}

// Subscribe adds fn until cancel is called. A call that is under way when
// cancel returns may still finish.
func (b *Bus) Subscribe(event string, fn func(ctx context.Context, payload any)) (cancel func()) {
	s := &subscription{fn}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = make(map[string][]*subscription)
	}
	b.subs[event] = append(b.subs[event][:len(b.subs[event]):len(b.subs[event])], s)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		var rest []*subscription
		for _, other := range b.subs[event] {
			if other != s {
				rest = append(rest, other)
			}
		}
		b.subs[event] = rest
	}
}
