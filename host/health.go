package host

import "context"

// HealthStatus is ordered: a larger value is worse.
type HealthStatus int

// The states of a component.
const (
	Healthy HealthStatus = iota
	Degraded
	Unhealthy
)

// String returns the word used in the health endpoints.
func (s HealthStatus) String() string {
	switch s {
	case Healthy:
		return "healthy"
	case Degraded:
		return "degraded"
	default:
		return "unhealthy"
	}
}

// HealthReport is a component's answer.
type HealthReport struct {
	Status  HealthStatus
	Reasons []string       // one sentence each; empty when healthy
	Details map[string]any // JSON-encodable figures
}

// HealthRegistry collects the checks that the host's /health/detailed asks.
type HealthRegistry interface {
	// RegisterHealth adds a check under a name; a name in use is an error.
	// The check must answer within its context.
	RegisterHealth(name string, check func(context.Context) HealthReport) (unregister func(), err error)
}
