package realtimefx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime"
	"github.com/civicpress/realtimefx/realtime/records"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
)

// Deps are the services of the core that the plugin uses.
type Deps struct {
	Auth    host.Auth
	Records host.Records
	Drafts  host.DraftStore

	Hooks    host.HookEmitter    // nil = nobody listens, and nobody tells of changes
	Health   host.HealthRegistry // nil = nobody asks
	Database host.Database       // nil = the core has none
	Logger   *slog.Logger        // nil = slog.Default()

	// Rooms are room types besides "records".
	Rooms []room.Handler
	// SystemDir is the instance's .system-data folder: the journal and, for
	// storage: filesystem, the snapshots live there.
	SystemDir string
	// Version of the core's binary, for the dashboard.
	Version string
}

// Plugin is the realtime server with all its parts.
type Plugin struct {
	Config config.Config
	Server *realtime.Server // nil when disabled
	Rooms  *room.Manager    // nil when disabled
	Hooks  *hooks.Emitter

	deps    Deps
	proxies []netip.Prefix // trusted_proxies
	log     *slog.Logger
	storage string // for the log: which store was chosen
	parts   []part // in the order of the start
	alive   []part // started; in the order of the start
}

// part is something that is started and stopped.
type part struct {
	name  string
	start func(context.Context) error
	stop  func(context.Context) error
}

// New puts the plugin together and starts nothing. The configuration is taken
// as it is; config.Load validates.
func New(d Deps, c config.Config) (*Plugin, error) {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	p := &Plugin{Config: c, deps: d, log: d.Logger, Hooks: hooks.NewEmitter(d.Hooks, hooks.Options{Logger: d.Logger})}
	var err error
	if p.proxies, err = proxies(c.TrustedProxies); err == nil && c.Enabled {
		err = p.assemble()
	}
	if err != nil {
		return nil, fmt.Errorf("realtime plugin: %w", err)
	}
	return p, nil
}

func (p *Plugin) assemble() error {
	d, c := p.deps, p.Config
	storage, err := newStorage(c.Snapshots, d.Database, d.SystemDir, false, p.log)
	if err != nil {
		return err
	}
	options := serverOptions(c)
	options.TrustedProxies, options.Version = p.proxies, d.Version
	recordRooms, err := records.New(records.Deps{Auth: d.Auth, Records: d.Records, Drafts: d.Drafts, Logger: p.log})
	if err != nil {
		return err
	}

	observer := room.NewObserver(p.Hooks, p.log)
	jo, ko := journalOptions(c.Snapshots), keeperOptions(c.Snapshots)
	jo.Observer, jo.Logger = observer, p.log
	ko.Events, ko.Logger = observer, p.log
	journal, keeper := store.NewJournal(storage, jo), store.NewKeeper(storage, ko)

	p.Rooms, err = room.NewManager(room.Deps{
		Store: storage, Journal: journal, Keeper: keeper,
		Handlers: append([]room.Handler{recordRooms}, d.Rooms...),
		Hooks:    p.Hooks, Observer: observer, Logger: p.log,
	}, roomOptions(c))
	if err != nil {
		return err
	}
	deps := realtime.Deps{
		Auth: d.Auth, Rooms: p.Rooms, Hooks: p.Hooks, Health: d.Health, Logger: p.log,
		Journal: journal, Keeper: keeper, Observer: observer, HookLoad: p.Hooks.Stats,
	}
	var snapshots *snapshotAPI
	if c.Snapshots.APITokenFile != "" && c.Snapshots.Storage != config.StorageAPI {
		snapshots = &snapshotAPI{}
		deps.Snapshots = snapshots
	}
	p.Server, err = realtime.New(deps, options)
	if err != nil {
		return err
	}
	p.storage = storage.what
	p.parts = []part{
		{"hooks", p.Hooks.Start, p.Hooks.Stop},
		{"store " + storage.what, storage.open, storage.close},
		{"journal", journal.Start, journal.Stop},
		{"keeper", keeper.Start, keeper.Stop},
		{"server", p.Server.Start, p.Server.Stop},
		p.subscriptions(),
	}
	if snapshots != nil {
		open := func(id string) bool { _, ok := p.Rooms.Room(id); return ok }
		p.parts = append(p.parts, snapshots.serve(under(d.SystemDir, c.Snapshots.APITokenFile, ""), storage, open, p.log))
	}
	return nil
}

// Start starts the parts one after the other. If one fails, those before it
// are stopped again.
func (p *Plugin) Start(ctx context.Context) error {
	if !p.Config.Enabled {
		p.log.Info("realtime editing is switched off", "op", "plugin.start")
		return nil
	}
	for _, part := range p.parts {
		if err := part.start(ctx); err != nil {
			return errors.Join(fmt.Errorf("start %s: %w", part.name, err), p.Stop(ctx))
		}
		p.alive = append(p.alive, part)
		p.log.Debug("started", "op", "plugin.start", "part", part.name)
	}
	p.log.Info("realtime editing is on", "op", "plugin.start", "storage", p.storage, "address", p.Server.Addr().String())
	return nil
}

// Stop stops what was started, in reverse. A part that fails does not keep the
// others from stopping.
func (p *Plugin) Stop(ctx context.Context) error {
	var errs []error
	for _, part := range slices.Backward(p.alive) {
		if err := part.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", part.name, err))
		}
	}
	p.alive = nil
	return errors.Join(errs...)
}

// API is the plugin's HTTP interface, for the host to mount under /api/v1.
func (p *Plugin) API() http.Handler {
	if p.Server == nil {
		return disabledAPI()
	}
	return p.Server.API()
}

// ClientIP is the real address of who sent a request: what trusted_proxies
// forward counts, what anybody else claims does not. The core uses it for its
// own limits, so that both count alike.
func (p *Plugin) ClientIP(r *http.Request) string { return realtime.ClientAddr(r, p.proxies).String() }

// BeforePublish writes an open record back to its draft, so that what is
// published is what its editors see. A record that nobody has open needs
// nothing.
func (p *Plugin) BeforePublish(ctx context.Context, recordID string) error {
	if p.Rooms == nil {
		return nil
	}
	_, _, err := p.Rooms.Flush(ctx, records.RoomType+":"+recordID)
	return err
}
