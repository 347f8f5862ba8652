package instance

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/civicpress/realtimefx/host"
)

const hooksPath = ".civic/hooks.yml"

// hook is what hooks.yml says of one event.
type hook struct {
	enabled   bool
	workflows []string
}

// hooksFile is hooks.yml of the data directory. An event that it does not
// mention is delivered.
type hooksFile struct {
	*watchedFile[map[string]hook]
	log *slog.Logger

	mu        sync.Mutex
	workflows map[string]Workflow // guarded by mu
}

// Workflow does what hooks.yml asks for when an event happens.
type Workflow func(ctx context.Context, event string, payload any) error

// Workflow gives a name of hooks.yml its meaning, instead of what it had. It
// runs on the emitter's goroutine, after the subscribers; its errors and panics
// are logged and reach nobody.
func (in *Instance) Workflow(name string, run Workflow) {
	in.hooks.mu.Lock()
	defer in.hooks.mu.Unlock()
	if in.hooks.workflows == nil {
		in.hooks.workflows = make(map[string]Workflow)
	}
	in.hooks.workflows[name] = run
}

func (f *hooksFile) workflow(name string) Workflow {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.workflows[name]
}

func openHooks(data *os.Root, log *slog.Logger) (*hooksFile, error) {
	f, err := openWatched(data, hooksPath, log, nil, parseHooks)
	return &hooksFile{watchedFile: f, log: log}, err
}

// parseHooks reads the hooks; any value may be plain or wrapped in {value: …}.
func parseHooks(src []byte) (map[string]hook, error) {
	var file struct {
		Hooks map[string]map[string]any `yaml:"hooks"`
	}
	if err := yaml.Unmarshal(src, &file); err != nil {
		return nil, fmt.Errorf("%s: %s", hooksPath, yaml.FormatError(err, false, false))
	}
	hooks := make(map[string]hook, len(file.Hooks))
	for event, fields := range file.Hooks {
		h := hook{enabled: true}
		switch v := unwrap(fields["enabled"]).(type) {
		case nil:
		case bool:
			h.enabled = v
		default:
			return nil, fmt.Errorf("%s: hooks.%s.enabled: must be true or false, not %v", hooksPath, event, v)
		}
		switch list := unwrap(fields["workflows"]).(type) {
		case nil:
		case []any:
			for _, w := range list {
				name, ok := w.(string)
				if !ok {
					return nil, fmt.Errorf("%s: hooks.%s.workflows: must be a list of names, but %v is none", hooksPath, event, w)
				}
				h.workflows = append(h.workflows, name)
			}
		default:
			return nil, fmt.Errorf("%s: hooks.%s.workflows: must be a list of names, not %v", hooksPath, event, list)
		}
		hooks[event] = h
	}
	return hooks, nil
}

func (f *hooksFile) enabled(event string) bool {
	hooks, _ := f.get()
	h, mentioned := hooks[event]
	return !mentioned || h.enabled
}

// runWorkflows runs the workflows of an enabled event. The core's own is
// update-index; it keeps the core's search index, which the core rebuilds by
// itself, so here it is a line in the log.
func (f *hooksFile) runWorkflows(ctx context.Context, event string, payload any) {
	hooks, _ := f.get()
	h := hooks[event]
	if !h.enabled {
		return
	}
	for _, w := range h.workflows {
		attrs := []any{"event", event, "workflow", w}
		if ev, ok := payload.(host.RecordEvent); ok {
			attrs = append(attrs, "record", ev.RecordID)
		}
		if run := f.workflow(w); run != nil {
			if err := guarded(ctx, run, event, payload); err != nil {
				f.log.Error("workflow failed", append(attrs, "op", "hooks.workflow", "error", err)...)
			}
		} else if w == "update-index" {
			f.log.Info("workflow: search index of the core is due for this record", attrs...)
		} else {
			f.log.Debug("workflow is not implemented, skipped", attrs...)
		}
	}
}

// guarded turns a workflow's panic into an error.
func guarded(ctx context.Context, run Workflow, event string, payload any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return run(ctx, event, payload)
}

// unwrap returns v, or what stands in {value: v}.
func unwrap(v any) any {
	if m, ok := v.(map[string]any); ok {
		if inner, ok := m["value"]; ok {
			return inner
		}
	}
	return v
}
