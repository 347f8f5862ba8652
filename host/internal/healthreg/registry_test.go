package healthreg

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/host"
)

func TestAskSurvivesBadChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Registry
		hang := make(chan struct{})
		add := func(name string, check func(context.Context) host.HealthReport) func() {
			t.Helper()
			cancel, err := r.RegisterHealth(name, check)
			if err != nil {
				t.Fatal(err)
			}
			return cancel
		}
		add("good", func(context.Context) host.HealthReport { return host.HealthReport{} })
		add("panics", func(context.Context) host.HealthReport { panic("oh") })
		remove := add("hangs", func(context.Context) host.HealthReport { <-hang; return host.HealthReport{} })

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got := r.Ask(ctx)
		if len(got) != 3 || got["good"].Status != host.Healthy ||
			got["panics"].Status != host.Unhealthy || got["hangs"].Status != host.Unhealthy {
			t.Errorf("got %+v", got)
		}
		if Worst(got) != host.Unhealthy {
			t.Error("the worst report must decide")
		}
		close(hang)

		if _, err := r.RegisterHealth("good", func(context.Context) host.HealthReport { return host.HealthReport{} }); err == nil {
			t.Error("a taken name must be refused")
		}
		remove()
		remove()
		if got, want := r.Names(), []string{"good", "panics"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		synctest.Wait()
	})
}
