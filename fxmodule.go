package realtimefx

import (
	"log/slog"
	"os"
	"path/filepath"

	"go.uber.org/fx"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/room"
)

// Module is the plugin. The host's container must offer host.Auth,
// host.Records, host.DraftStore and a *slog.Logger; it may offer
// host.HookEmitter, host.HealthRegistry and host.Database, and room types in
// the value group "realtime.rooms" (see [AsRoomHandler]).
//
// It reads realtime.yml from [SystemDir]; a host with a configuration of its
// own says fx.Replace(config.Config{…}). It provides config.Config and
// *[Plugin], which has the server, the room manager and the HTTP interface.
var Module = fx.Module("realtime",
	fx.Provide(
		func() SystemDir { return ".system-data" },
		func() Version { return "" },
		loadConfig,
		newPlugin,
	),
	fx.Invoke(func(lc fx.Lifecycle, p *Plugin) {
		lc.Append(fx.StartStopHook(p.Start, p.Stop))
	}),
)

// SystemDir is the instance's .system-data folder. The host sets it with
// fx.Replace(realtimefx.SystemDir(path)).
type SystemDir string

// Version is the version of the host's binary, shown on the dashboard. The host
// sets it with fx.Replace(realtimefx.Version("v1.2.3")).
type Version string

// AsRoomHandler marks a constructor of a room.Handler as a room type for the
// plugin: fx.Provide(realtimefx.AsRoomHandler(newDevices)).
func AsRoomHandler(constructor any) any {
	return fx.Annotate(constructor, fx.As(new(room.Handler)), fx.ResultTags(`group:"realtime.rooms"`))
}

func loadConfig(dir SystemDir, log *slog.Logger) (config.Config, error) {
	l, err := config.Load(filepath.Join(string(dir), config.FileName), os.Getenv)
	if err != nil {
		return config.Config{}, err
	}
	for _, w := range l.Warnings {
		log.Warn("configuration: "+w, "op", "config.load", "file", l.File)
	}
	return l.Config, nil
}

type params struct {
	fx.In

	Auth     host.Auth
	Records  host.Records
	Drafts   host.DraftStore
	Hooks    host.HookEmitter    `optional:"true"`
	Health   host.HealthRegistry `optional:"true"`
	Database host.Database       `optional:"true"`
	Logger   *slog.Logger
	Rooms    []room.Handler `group:"realtime.rooms"`
	Config   config.Config
	Dir      SystemDir
	Version  Version
}

func newPlugin(p params) (*Plugin, error) {
	return New(Deps{
		Auth: p.Auth, Records: p.Records, Drafts: p.Drafts,
		Hooks: p.Hooks, Health: p.Health, Database: p.Database,
		Logger: p.Logger, Rooms: p.Rooms, SystemDir: string(p.Dir), Version: string(p.Version),
	}, p.Config)
}
