package integration_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/civicpress/realtimefx"
	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host/instance"
)

// The example of docs/ in a real instance with the plugin in it: what happens
// on sockets reaches the workflows, and bad ones harm nobody.
func TestExampleHooks(t *testing.T) {
	log := &lockedBuffer{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	dir := t.TempDir()
	in, content, err := instance.Demo(t.Context(), dir, instance.Options{Logger: logger}, instance.DemoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	example, err := os.ReadFile(filepath.Join("..", "docs", "examples", "hooks.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in.Layout().DataDir, ".civic", "hooks.yml"), example, 0o600); err != nil {
		t.Fatal(err)
	}
	var file struct{ Hooks map[string]any }
	if err := yaml.Unmarshal(example, &file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "hooks.md"))
	if err != nil || len(file.Hooks) < 5 {
		t.Fatal(len(file.Hooks), err)
	}
	for name := range file.Hooks {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("the example names %s, which is no event of docs/hooks.md", name)
		}
	}

	ran := make(chan string, 100)
	release := make(chan struct{})
	for _, name := range []string{"update-index", "status-page", "count-attack"} {
		in.Workflow(name, func(_ context.Context, event string, payload any) error {
			if payload.(hooks.Event).Name() != event {
				t.Errorf("%s got the payload of %s", event, payload.(hooks.Event).Name())
			}
			ran <- name + " " + event
			return errors.New("and then it fails")
		})
	}
	in.Workflow("notify-it", func(context.Context, string, any) error { panic("no mail server") })
	in.Subscribe(hooks.NameClientConnected, func(context.Context, any) { t.Error("a disabled event was delivered") })
	in.Subscribe(hooks.NameRoomCreated, func(context.Context, any) { <-release }) // slow

	c := config.Default()
	c.Host, c.Port, c.Rooms.GracePeriodMS = "127.0.0.1", 0, 0
	p, err := realtimefx.New(realtimefx.Deps{
		Auth: in, Records: in, Drafts: in, Hooks: in, Health: in, Database: in, Logger: logger, SystemDir: in.Layout().SystemDir,
	}, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &server{Realtime: "ws://" + p.Server.Addr().String(), Users: map[string]demoUser{"nobody": {Token: "wrong"}}}
	for _, u := range content.Users {
		s.Users[u.Username] = demoUser{Token: u.Token}
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	guest := newTypist(1)
	if err := guest.connect(ctx, s, "alice", bylaw); err != nil { // although a subscriber does not return
		t.Fatal(err)
	}
	guest.typing(ctx, rand.New(rand.NewPCG(1, 1)))
	s.knock(t, "nobody")
	if _, _, err := p.Rooms.Flush(ctx, "records:"+bylaw); err != nil {
		t.Fatal(err)
	}
	close(release)
	guest.drop()
	for _, want := range []string{
		"status-page " + hooks.NameRoomCreated,
		"count-attack " + hooks.NameSecurityAuthFailed,
		"update-index " + hooks.NameDraftSaved,
		"status-page " + hooks.NameRoomDestroyed,
	} {
		select {
		case got := <-ran:
			if got != want {
				t.Errorf("ran %q, want %q", got, want)
			}
		case <-time.After(startLimit):
			t.Fatalf("%s did not run", want)
		}
	}
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"workflow failed", "no mail server", "and then it fails"} {
		if !log.has(want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if st := p.Hooks.Stats(); st.Dropped != 0 || st.Queued != 0 || st.Forwarded == 0 {
		t.Errorf("%+v", st)
	}
}
