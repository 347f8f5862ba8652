package hookbus

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"

	"github.com/civicpress/realtimefx/host"
)

func TestDeliveryInOrderDespitePanics(t *testing.T) {
	b := &Bus{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	var got []string
	b.Subscribe("e", func(_ context.Context, p any) { got = append(got, "first "+p.(string)) })
	cancel := b.Subscribe("e", func(context.Context, any) { panic("bad subscriber") })
	b.Subscribe("e", func(_ context.Context, p any) { got = append(got, "last "+p.(string)) })
	b.Subscribe("other", func(context.Context, any) { t.Error("delivered to another event") })

	if err := b.Emit(t.Context(), "e", "1"); !errors.Is(err, host.ErrSubscriberPanicked) {
		t.Errorf("the emitter is told %v, want that one panicked", err)
	}
	cancel()
	cancel() // harmless
	if err := b.Emit(t.Context(), "e", "2"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"first 1", "last 1", "first 2", "last 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSubscribeAndCancelInsideACall(t *testing.T) {
	var b Bus
	calls := 0
	var cancel func()
	cancel = b.Subscribe("e", func(context.Context, any) {
		calls++
		cancel()
		b.Subscribe("e", func(context.Context, any) { calls += 10 })
	})
	for range 2 {
		if err := b.Emit(t.Context(), "e", nil); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 11 {
		t.Errorf("got %d, want the first subscriber once and the one it added once", calls)
	}
}

func TestDisabledEventReachesNobody(t *testing.T) {
	b := Bus{Enabled: func(event string) bool { return event != "off" }}
	n := 0
	count := func(context.Context, any) { n++ }
	b.Subscribe("off", count)
	b.Subscribe("on", count)
	_ = b.Emit(t.Context(), "off", nil)
	_ = b.Emit(t.Context(), "on", nil)
	if n != 1 {
		t.Errorf("got %d deliveries, want 1", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Emit(ctx, "on", nil); err == nil {
		t.Error("an ended context must be reported")
	}
}
