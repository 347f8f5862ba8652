package memhost

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/internal/healthreg"
	"github.com/civicpress/realtimefx/host/internal/hookbus"
	"github.com/civicpress/realtimefx/host/internal/roles"
)

// Operation names a call that can be made to fail or to wait.
type Operation string

// The operations.
const (
	OpValidateSession Operation = "ValidateSession"
	OpCan             Operation = "Can"
	OpUser            Operation = "User"
	OpRecord          Operation = "Record"
	OpDraft           Operation = "Draft"
	OpSaveDraftBody   Operation = "SaveDraftBody"
	OpCreateDraft     Operation = "CreateDraft"
	OpEmit            Operation = "Emit"
)

// Host is a core in memory. Make one with New.
type Host struct {
	healthreg.Registry
	bus hookbus.Bus
	now func() time.Time

	mu       sync.Mutex
	gate     func(context.Context, Operation) error // guarded by mu
	roles    *roles.Set                             // guarded by mu
	lastUser int64                                  // guarded by mu
	lastSess int64                                  // guarded by mu
	users    map[int64]host.User                    // guarded by mu
	sessions map[string]session                     // guarded by mu, by token
	records  map[string]host.Record                 // guarded by mu
	drafts   map[string]host.Draft                  // guarded by mu
}

type session struct {
	id, user int64
	expires  time.Time
}

var (
	_ host.Auth           = (*Host)(nil)
	_ host.UserDirectory  = (*Host)(nil)
	_ host.Records        = (*Host)(nil)
	_ host.DraftStore     = (*Host)(nil)
	_ host.HookEmitter    = (*Host)(nil)
	_ host.HookSubscriber = (*Host)(nil)
	_ host.HealthRegistry = (*Host)(nil)
)

// New returns an empty host with the core's built-in roles.
func New() *Host {
	return &Host{
		now:      time.Now,
		roles:    roles.Default(),
		users:    make(map[int64]host.User),
		sessions: make(map[string]session),
		records:  make(map[string]host.Record),
		drafts:   make(map[string]host.Draft),
	}
}

// Gate installs a function that is asked before each operation, outside all
// locks: its error becomes the operation's error, and it may wait, but should
// return when ctx ends. nil removes it.
func (h *Host) Gate(gate func(ctx context.Context, op Operation) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gate = gate
}

// Down makes the operations fail with cause (all operations if none is named)
// until restore is called. It replaces the gate.
func (h *Host) Down(cause error, ops ...Operation) (restore func()) {
	down := make(map[Operation]bool, len(ops))
	for _, op := range ops {
		down[op] = true
	}
	h.Gate(func(_ context.Context, op Operation) error {
		if len(down) == 0 || down[op] {
			return cause
		}
		return nil
	})
	return func() { h.Gate(nil) }
}

// enter passes the gate and then the context.
func (h *Host) enter(ctx context.Context, op Operation) error {
	h.mu.Lock()
	gate := h.gate
	h.mu.Unlock()
	if gate != nil {
		if err := gate(ctx, op); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// Emit calls the subscribers of the event.
func (h *Host) Emit(ctx context.Context, event string, payload any) error {
	if err := h.enter(ctx, OpEmit); err != nil {
		return err
	}
	return h.bus.Emit(ctx, event, payload)
}

// Subscribe adds a subscriber.
func (h *Host) Subscribe(event string, fn func(ctx context.Context, payload any)) (cancel func()) {
	return h.bus.Subscribe(event, fn)
}

// announce emits an event of the host itself, past the gate.
func (h *Host) announce(event string, payload any) {
	_ = h.bus.Emit(context.Background(), event, payload) // fails only for an ended context
}
