package realtimefx

import (
	"context"

	"github.com/civicpress/realtimefx/host"
)

// subscriptions follow what the core says about sessions, roles and records.
// All of it is also found out by asking, later: a core that emits nothing, or
// whose hooks.yml switches an event off, costs time and no correctness.
func (p *Plugin) subscriptions() part {
	cancel := func() {}
	return part{
		name: "subscriptions",
		start: func(context.Context) error {
			if bus, ok := p.deps.Hooks.(host.HookSubscriber); ok {
				cancel = p.Server.Subscribe(bus)
			} else {
				p.log.Warn("the core's hooks cannot be subscribed to; changes of rights and records are seen by polling only",
					"op", "plugin.start")
			}
			return nil
		},
		stop: func(context.Context) error {
			cancel()
			return nil
		},
	}
}
