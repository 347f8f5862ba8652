package instance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/internal/healthreg"
	"github.com/civicpress/realtimefx/host/internal/hookbus"
)

// Options of Open. The zero value is good.
type Options struct {
	// Logger; nil = slog.Default.
	Logger *slog.Logger
	// Getenv reads the environment; nil = os.Getenv.
	Getenv func(string) string
	// PasswordCost is the bcrypt cost of new passwords; 0 = 12, as the core's.
	// Tests lower it.
	PasswordCost int
}

// Instance is an open CivicPress instance.
type Instance struct {
	healthreg.Registry
	bus    hookbus.Bus
	layout Layout
	log    *slog.Logger
	db     *sql.DB
	kept   prepared
	seen   lookups
	data   *os.Root // the data directory; refuses paths that lead out of it
	signer signer
	roles  *rolesFile
	hooks  *hooksFile
	heads  headCache
	cost   int    // of new passwords
	nobody []byte // hash that a login of an unknown user is compared with

	publishing chan struct{} // holds one while a file and the Git repository change
	closeOnce  sync.Once
	closeErr   error // set once by closeOnce
}

var (
	_ host.Auth           = (*Instance)(nil)
	_ host.UserDirectory  = (*Instance)(nil)
	_ host.Records        = (*Instance)(nil)
	_ host.DraftStore     = (*Instance)(nil)
	_ host.Database       = (*Instance)(nil)
	_ host.HookEmitter    = (*Instance)(nil)
	_ host.HookSubscriber = (*Instance)(nil)
	_ host.HealthRegistry = (*Instance)(nil)
)

// Open opens the instance that dir belongs to (its project folder or its data
// directory). It changes nothing, except that it switches the database to WAL
// mode as the core does, and that it may generate a secret where the core
// would.
func Open(dir string, o Options) (*Instance, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	l, err := Locate(dir)
	if err != nil {
		return nil, err
	}
	if o.PasswordCost == 0 {
		o.PasswordCost = bcryptCost
	}
	in := &Instance{layout: l, log: o.Logger, cost: o.PasswordCost, publishing: make(chan struct{}, 1)}
	if in.data, err = os.OpenRoot(l.DataDir); err != nil {
		return nil, fmt.Errorf("open instance: data directory: %s", reason(err, l.DataDir))
	}
	if err := in.open(o); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}

func (in *Instance) open(o Options) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*busyTimeout)
	defer cancel()
	secret, err := rootSecret(in.layout.SystemDir, o.Getenv)
	if err != nil {
		return fmt.Errorf("open instance: %w", err)
	}
	if in.signer, err = newSigner(secret); err != nil {
		return fmt.Errorf("open instance: derive session key: %w", err)
	}
	if in.roles, err = openRoles(in.data, in.log); err != nil {
		return fmt.Errorf("open instance: %w", err)
	}
	if in.hooks, err = openHooks(in.data, in.log); err != nil {
		return fmt.Errorf("open instance: %w", err)
	}
	if in.nobody, err = nobody(in.cost); err != nil {
		return fmt.Errorf("open instance: password cost %d: %w", in.cost, err)
	}
	in.bus.Logger, in.bus.Enabled = in.log, in.hooks.enabled
	if in.db, err = openDatabase(ctx, in.layout.Database); err != nil {
		return fmt.Errorf("open instance: %w", err)
	}
	in.seen.start(in.db)
	if err := checkSchema(ctx, in.db); err != nil {
		return fmt.Errorf("open instance: database %s: %w", in.layout.Database, err)
	}
	return nil
}

// Close releases the database and the data directory. It does not wait for
// calls that are under way; end those first.
func (in *Instance) Close() error {
	in.closeOnce.Do(func() {
		in.seen.close()
		if in.db != nil {
			in.kept.close()
			in.closeErr = in.db.Close()
		}
		in.closeErr = errors.Join(in.closeErr, in.data.Close())
	})
	return in.closeErr
}

// Layout says where things are.
func (in *Instance) Layout() Layout { return in.layout }

// DB is the core's database.
func (in *Instance) DB() *sql.DB { return in.db }

// Dialect returns "sqlite".
func (in *Instance) Dialect() string { return "sqlite" }

// Path is the database file.
func (in *Instance) Path() string { return in.layout.Database }

// Emit delivers an event to its subscribers, unless hooks.yml disables it,
// and runs the workflows that hooks.yml names for it.
func (in *Instance) Emit(ctx context.Context, event string, payload any) error {
	err := in.bus.Emit(ctx, event, payload)
	if err == nil || errors.Is(err, host.ErrSubscriberPanicked) {
		in.hooks.runWorkflows(ctx, event, payload) // a bad subscriber harms no workflow
	}
	return err
}

// Subscribe adds a subscriber to the hook bus.
func (in *Instance) Subscribe(event string, fn func(ctx context.Context, payload any)) (cancel func()) {
	return in.bus.Subscribe(event, fn)
}

// announce emits an event after something happened. The change is done, so
// the caller's context no longer counts, and a failing bus is only logged.
func (in *Instance) announce(event string, payload any) {
	if err := in.Emit(context.Background(), event, payload); err != nil {
		in.log.Error("hook not emitted", "event", event, "error", err)
	}
}

// Ask asks all registered health checks, and adds the instance's own under
// the name "core".
func (in *Instance) Ask(ctx context.Context) map[string]host.HealthReport {
	reports := in.Registry.Ask(ctx)
	reports["core"] = in.health(ctx)
	return reports
}

func (in *Instance) health(ctx context.Context) host.HealthReport {
	var r host.HealthReport
	start := time.Now()
	if err := in.db.PingContext(ctx); err != nil {
		r.Status = host.Unhealthy
		r.Reasons = append(r.Reasons, fmt.Sprintf("The database does not answer: %v.", err))
	}
	r.Details = map[string]any{"database_ms": time.Since(start).Milliseconds()}
	in.rolesNow()
	in.hooks.get()
	for _, fault := range []error{in.roles.fault(), in.hooks.fault()} {
		if fault != nil {
			r.Status = max(r.Status, host.Degraded)
			r.Reasons = append(r.Reasons, fmt.Sprintf("The last good version of a file is used: %v.", fault))
		}
	}
	return r
}
