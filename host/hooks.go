package host

import (
	"context"
	"errors"
)

// ErrSubscriberPanicked is what Emit wraps when a subscriber panicked. The
// others got the event all the same.
var ErrSubscriberPanicked = errors.New("hook subscriber panicked")

// HookEmitter is the core's hook bus. Emit may block while handlers run; the
// plugin therefore calls it only from its own hook queue.
type HookEmitter interface {
	Emit(ctx context.Context, event string, payload any) error
}

// HookSubscriber is an optional capability of a HookEmitter.
type HookSubscriber interface {
	// Subscribe calls fn for each event of that name until cancel is called.
	// fn runs on the emitter's goroutine and must not block. The payload is
	// whatever the emitter passed: a subscriber must tolerate any type.
	Subscribe(event string, fn func(ctx context.Context, payload any)) (cancel func())
}
