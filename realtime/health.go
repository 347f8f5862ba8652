package realtime

import (
	"context"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// Health answers the host's health check.
func (s *Server) Health(context.Context) host.HealthReport { return s.report() }

func (s *Server) report() host.HealthReport {
	r := host.HealthReport{Details: map[string]any{}}
	worse := func(st host.HealthStatus, format string, args ...any) {
		r.Status = max(r.Status, st)
		r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...))
	}
	open, rooms := s.sessions.count(), s.deps.Rooms.Count()
	ips, users := s.limits.Counts()
	mem := memory()
	r.Details["ready"] = s.ready.Load()
	r.Details["connections"] = map[string]any{"total": open, "perUser": users, "perIP": ips}
	r.Details["rooms"] = map[string]any{"total": rooms, "maxRooms": s.deps.Rooms.MaxRooms()}
	r.Details["memory"] = map[string]any{"heapUsed": mem.Heap, "total": mem.Sys}
	if a := s.addr; a != nil {
		r.Details["listening"] = a.String()
	}
	if !s.ready.Load() {
		worse(host.Unhealthy, "the realtime server is not accepting connections")
	}
	if limit := s.deps.Rooms.MaxRooms(); limit > 0 && rooms >= limit {
		worse(host.Degraded, "all %d rooms are in use; new records cannot be opened", limit)
	}
	if limit := s.opts.MaxConnections; limit > 0 && open >= limit {
		worse(host.Degraded, "all %d connections are in use", limit)
	}
	if j := s.deps.Journal; j != nil {
		st := j.Stats()
		r.Details["journal"] = map[string]any{"lagMs": ms(st.Lag), "pending": st.Pending, "pendingBytes": st.PendingBytes}
		if !st.FailingSince.IsZero() {
			worse(host.Degraded, "edits cannot be stored since %s; they are kept in memory: %v", st.FailingSince.UTC().Format(time.RFC3339), st.LastError)
		}
	}
	if k := s.deps.Keeper; k != nil {
		kr := k.Health()
		r.Status = max(r.Status, kr.Status)
		r.Reasons = append(r.Reasons, kr.Reasons...)
	}
	if o := s.deps.Observer; o != nil {
		last := any(nil)
		if at := o.LastSnapshot(); !at.IsZero() {
			last = at.UTC().Format(time.RFC3339)
		}
		r.Details["lastSnapshot"] = last
		r.Details["writeBackFailures"] = o.WriteBackErrors.Load()
	}
	return r
}
