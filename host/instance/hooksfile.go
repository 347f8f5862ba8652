package instance

import (
	"fmt"
	"log/slog"
	"os"

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
}

func openHooks(data *os.Root, log *slog.Logger) (*hooksFile, error) {
	f, err := openWatched(data, hooksPath, log, nil, parseHooks)
	return &hooksFile{f, log}, err
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

// runWorkflows notes the workflows of an enabled event. The core's only
// workflow is update-index; it keeps the core's search index, which the core
// rebuilds by itself, so here it is a line in the log.
func (f *hooksFile) runWorkflows(event string, payload any) {
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
		if w == "update-index" {
			f.log.Info("workflow: search index of the core is due for this record", attrs...)
		} else {
			f.log.Debug("workflow is not implemented, skipped", attrs...)
		}
	}
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
