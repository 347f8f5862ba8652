package realtimefx

import (
	"context"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/records"
)

// subscriptions follow what the core says about sessions, roles and records.
// All of it is also found out by asking, later: a core that emits nothing, or
// whose hooks.yml switches an event off, costs time and no correctness.
func (p *Plugin) subscriptions() part {
	var cancels []func()
	return part{
		name: "subscriptions",
		start: func(context.Context) error {
			bus, ok := p.deps.Hooks.(host.HookSubscriber)
			if !ok {
				p.log.Warn("the core's hooks cannot be subscribed to; changes of rights and records are seen by polling only",
					"op", "plugin.start")
				return nil
			}
			for event, handle := range p.reactions() {
				cancels = append(cancels, bus.Subscribe(event, func(_ context.Context, payload any) {
					if err := handle(payload); err != nil {
						p.log.Warn("hook ignored", "op", "plugin.hook", "hook", event, "error", err)
					}
				}))
			}
			return nil
		},
		stop: func(context.Context) error {
			for _, cancel := range cancels {
				cancel()
			}
			cancels = nil
			return nil
		},
	}
}

// reactions returns what to do on each event. They run on the core's
// goroutine; none of them waits for anybody.
func (p *Plugin) reactions() map[string]func(payload any) error {
	out := map[string]func(any) error{
		host.EventSessionsRevoked: reaction(func(e host.SessionsRevoked) { p.Server.Revoke(e.UserID, e.Reason) }),
		host.EventSessionEnded:    reaction(func(e host.SessionEnded) { p.Server.RevokeSession(e.UserID, e.SessionID, e.Reason) }),
		host.EventRolesChanged:    reaction(func(e host.RolesChanged) { p.Server.Recheck(e.UserID, "") }),
	}
	for _, event := range []string{
		host.EventRecordCreated, host.EventRecordUpdated, host.EventRecordPublished, host.EventRecordDeleted,
		host.EventStatusChanged, host.EventDraftCreated, host.EventDraftUpdated, host.EventDraftDeleted,
	} {
		out[event] = reaction(func(e host.RecordEvent) {
			room := records.RoomType + ":" + e.RecordID
			p.Server.Recheck(0, room)
			p.Rooms.CheckOutside(room)
		})
	}
	return out
}

func reaction[T any](do func(T)) func(any) error {
	return func(payload any) error {
		event, err := host.PayloadAs[T](payload)
		if err == nil {
			do(event)
		}
		return err
	}
}
