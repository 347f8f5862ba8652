package api

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/internal/healthreg"
)

// healthPatience is how long /health/detailed waits for the plugins.
const healthPatience = 5 * time.Second

// health says that the process is alive; it asks nobody.
func (a *API) health(w http.ResponseWriter, _ *http.Request) {
	ok(w, http.StatusOK, a.vitals(host.Healthy))
}

// healthDetailed asks the instance and every plugin. An unhealthy part makes
// the answer 503, so that a load balancer understands it.
func (a *API) healthDetailed(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthPatience)
	defer cancel()
	reports := a.in.Ask(ctx)
	worst := healthreg.Worst(reports)
	data := a.vitals(worst)
	data["version"], data["platform"], data["arch"], data["pid"] = a.o.Version, runtime.GOOS, runtime.GOARCH, os.Getpid()
	parts := object{}
	for name, report := range reports {
		reasons := report.Reasons
		if reasons == nil {
			reasons = []string{}
		}
		parts[name] = object{"status": report.Status.String(), "reasons": reasons, "details": report.Details}
	}
	data["services"] = parts
	status := http.StatusOK
	if worst == host.Unhealthy {
		status = http.StatusServiceUnavailable
	}
	ok(w, status, data)
}

// vitals are the members that the core's health answers have.
func (a *API) vitals(status host.HealthStatus) object {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return object{
		"status": status.String(), "timestamp": stamp(time.Now()), "uptime": time.Since(a.started).Seconds(),
		"memory": object{
			"rss": m.Sys - m.HeapReleased, "heapTotal": m.HeapSys - m.HeapReleased, "heapUsed": m.HeapAlloc, "external": 0, "arrayBuffers": 0,
		},
		"environment": environment(),
	}
}

func environment() string {
	if e := os.Getenv("NODE_ENV"); e != "" {
		return e
	}
	return "production"
}

// stamp is the core's time format in JSON.
func stamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
