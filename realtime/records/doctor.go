package records

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// Grade says how much a finding matters.
type Grade int

// The grades.
const (
	Fine    Grade = iota // as it should be
	Note                 // worth knowing; nothing to do
	Problem              // something was lost, or may be
)

// String returns the word for the grade.
func (g Grade) String() string { return [...]string{"ok", "note", "problem"}[g] }

// Finding is one sentence about the stored data.
type Finding struct {
	Grade  Grade
	Record string // "" = concerns the store as a whole
	Text   string // for people; says what to do if anything
}

// Examine verifies the stored rooms of records: that states and journal are
// intact and fit together, and how the drafts stand to them. It changes
// nothing and may run while a server has the data open.
func (h *Handler) Examine(ctx context.Context, s store.Store) ([]Finding, error) {
	p, ok := s.(store.Peeker)
	if !ok {
		return nil, fmt.Errorf("examine store: %w", errors.ErrUnsupported)
	}
	rooms, err := s.Rooms(ctx)
	if err != nil {
		return nil, fmt.Errorf("examine store: %w", err)
	}
	var all []Finding
	checked := 0
	for _, full := range rooms {
		if of, at, ok := room.ParseDeleted(full); ok && strings.HasPrefix(of, RoomType+":") {
			all = append(all, Finding{Note, recordID(of), fmt.Sprintf("was deleted on %s; its document is kept until %s, and `civicpress export` shows it",
				at.UTC().Format(time.DateOnly), at.Add(room.KeepDeleted).UTC().Format(time.DateOnly))})
		}
		if !strings.HasPrefix(full, RoomType+":") {
			continue
		}
		checked++
		found, err := h.examineRoom(ctx, p, full)
		if err != nil {
			return all, err
		}
		all = append(all, found...)
	}
	aside, err := p.Aside(ctx)
	if err != nil {
		return all, fmt.Errorf("examine store: %w", err)
	}
	for _, d := range aside {
		all = append(all, Finding{Note, recordID(d.Room), fmt.Sprintf("damaged earlier and kept aside: %s (%s)", d.What, d.Reason)})
	}
	worst := Fine
	for _, f := range all {
		worst = max(worst, f.Grade)
	}
	if worst < Problem {
		all = append(all, Finding{Fine, "", fmt.Sprintf("%d documents and their journals are intact", checked)})
	}
	return all, nil
}

func (h *Handler) examineRoom(ctx context.Context, p store.Peeker, full string) (found []Finding, err error) {
	id := recordID(full)
	say := func(g Grade, format string, args ...any) {
		found = append(found, Finding{g, id, fmt.Sprintf(format, args...)})
	}
	l, err := p.Peek(ctx, full)
	if l != nil {
		for _, d := range l.Damage {
			say(Problem, "%s cannot be used: %s; the best intact state before it is used, and the bytes are kept aside when the record is opened", d.What, d.Reason)
		}
	}
	if errors.Is(err, store.ErrNoRoom) {
		say(Problem, "nothing of the document is intact; the record will start again from its draft or file")
		return found, nil
	}
	if err != nil {
		return found, err
	}
	state, pending, err := assemble(l)
	if err != nil {
		say(Problem, "the stored document cannot be put together: %v", err)
		return found, nil
	}
	if pending {
		say(Problem, "the document holds edits whose predecessors are missing; they show when a browser that has them comes back")
	}
	there, err := h.look(ctx, id)
	if err != nil {
		return found, err
	}
	if there.record == nil && there.draft == nil {
		say(Note, "the record does not exist any more, but its document does; a running server puts it away")
		return found, nil
	}
	b, err := decodeBase(l.Meta.Aux)
	if err != nil && !errors.Is(err, errNoBase) {
		say(Problem, "%v; the document is compared with the draft instead when the record is opened", err)
	}
	var from []byte
	if b != nil {
		from = b.source
	}
	text, source, err := h.text.render(state, from)
	if err != nil {
		say(Problem, "the document cannot be written as Markdown: %v", err)
		return found, nil
	}
	w := writing{h: h, id: id, base: b, text: text, source: source}
	if b == nil {
		w.base = &base{written: digestOf(text)}
	}
	switch {
	case sameText(text, there.text()):
		say(Fine, "document and %s are the same (%d edits after the last snapshot)", place(there), len(l.Entries))
	case w.sourceOf(there.text()) == nil:
		say(Note, "the %s was changed outside of the editor; the change is merged when the record is opened", place(there))
	default:
		say(Note, "the document is ahead of the %s; it is written when the record is opened and closed, and `civicpress export` shows it now", place(there))
	}
	if r := there.record; r != nil && strings.TrimSpace(text) == "" && strings.TrimSpace(r.Body) != "" {
		say(Note, "the document is empty and what is published is not: somebody deleted the text, which was saved like any edit; the published text is in the record's file and in Git")
	}
	return found, nil
}

func place(p *present) string {
	if p.draft != nil {
		return "draft"
	}
	return "published text"
}

// assemble puts snapshot and entries together.
func assemble(l *store.Loaded) (state []byte, pending bool, err error) {
	doc := yjs.NewDoc(yjs.Options{})
	if l.Snapshot != nil && len(l.Snapshot.State) > 0 {
		if err := doc.ApplyUpdate(l.Snapshot.State, nil); err != nil {
			return nil, false, fmt.Errorf("snapshot %d: %w", l.Snapshot.Version, err)
		}
	}
	for _, e := range l.Entries {
		if len(e.Update) == 0 {
			continue
		}
		if err := doc.ApplyUpdate(e.Update, nil); err != nil {
			return nil, false, fmt.Errorf("journal entry %d: %w", e.Seq, err)
		}
	}
	state, err = doc.EncodeStateAsUpdate(nil)
	return state, doc.HasPending(), err
}
