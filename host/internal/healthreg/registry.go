// Package healthreg collects the health checks of plugins and asks them all
// at once. Its goroutines live no longer than the call that started them,
// except that a check which ignores its context is abandoned and its late
// answer dropped.
package healthreg

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/civicpress/realtimefx/host"
)

// Registry is a host.HealthRegistry. The zero value is ready.
type Registry struct {
	mu     sync.Mutex
	checks map[string]func(context.Context) host.HealthReport // guarded by mu
}

var _ host.HealthRegistry = (*Registry)(nil)

// RegisterHealth adds a check under a name.
func (r *Registry) RegisterHealth(name string, check func(context.Context) host.HealthReport) (func(), error) {
	if name == "" || check == nil {
		return nil, fmt.Errorf("register health check %q: it needs a name and a function", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.checks[name]; taken {
		return nil, fmt.Errorf("register health check %q: the name is taken", name)
	}
	if r.checks == nil {
		r.checks = make(map[string]func(context.Context) host.HealthReport)
	}
	r.checks[name] = check
	var once sync.Once
	return func() {
		once.Do(func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.checks, name)
		})
	}, nil
}

// Names returns the registered names, sorted.
func (r *Registry) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.checks))
	for name := range r.checks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Ask runs all checks at once and returns their answers by name. A check that
// panics or has not answered when ctx ends is unhealthy.
func (r *Registry) Ask(ctx context.Context) map[string]host.HealthReport {
	type answer struct {
		name   string
		report host.HealthReport
	}
	r.mu.Lock()
	open := make(map[string]bool, len(r.checks))
	answers := make(chan answer, len(r.checks))
	for name, check := range r.checks {
		open[name] = true
		go func() { answers <- answer{name, guarded(ctx, check)} }()
	}
	r.mu.Unlock()

	reports := make(map[string]host.HealthReport, len(open))
	for len(open) > 0 {
		select {
		case a := <-answers:
			reports[a.name] = a.report
			delete(open, a.name)
		case <-ctx.Done():
			for name := range open {
				reports[name] = host.HealthReport{
					Status:  host.Unhealthy,
					Reasons: []string{"The health check did not answer in time."},
				}
			}
			return reports
		}
	}
	return reports
}

func guarded(ctx context.Context, check func(context.Context) host.HealthReport) (report host.HealthReport) {
	defer func() {
		if p := recover(); p != nil {
			report = host.HealthReport{
				Status:  host.Unhealthy,
				Reasons: []string{fmt.Sprintf("The health check panicked: %v.", p)},
			}
		}
	}()
	return check(ctx)
}

// Worst returns the worst status among reports, Healthy if there is none.
func Worst(reports map[string]host.HealthReport) host.HealthStatus {
	worst := host.Healthy
	for _, r := range reports {
		worst = max(worst, r.Status)
	}
	return worst
}
