package yjs

// handlers is a list of callbacks. It is copied when it changes, so that a
// callback may take itself or others off while the list is being called.
type handlers[F any] struct {
	list []handler[F]
	last uint64
}

type handler[F any] struct {
	id uint64
	f  F
}

func (h *handlers[F]) add(f F) (cancel func()) {
	h.last++
	id := h.last
	h.list = append(h.list[:len(h.list):len(h.list)], handler[F]{id, f})
	return func() {
		list := make([]handler[F], 0, len(h.list))
		for _, e := range h.list {
			if e.id != id {
				list = append(list, e)
			}
		}
		h.list = list
	}
}

type docEvents struct {
	before, after, cleaned handlers[func(*Transaction)]
	update, updateV2       handlers[func([]byte, any, *Transaction)]
	subdocs                handlers[func(SubdocsEvent, *Transaction)]
}

// A SubdocsEvent tells what a transaction did to references to other
// documents.
type SubdocsEvent struct {
	Added, Removed, Loaded []*Subdoc
}

// OnUpdate calls f with what each transaction has done, if it has done
// something: the bytes of Yjs's update event. The slice is never written to
// again; receivers may keep it and must not change it.
func (d *Doc) OnUpdate(f func(update []byte, origin any, tx *Transaction)) (cancel func()) {
	return d.events.update.add(f)
}

// OnBeforeTransaction calls f when a transaction has begun.
func (d *Doc) OnBeforeTransaction(f func(*Transaction)) (cancel func()) {
	return d.events.before.add(f)
}

// OnAfterTransaction calls f after the observers of the types, before deleted
// content is collected.
func (d *Doc) OnAfterTransaction(f func(*Transaction)) (cancel func()) {
	return d.events.after.add(f)
}

// OnCleanup calls f when a transaction has been tidied up, before OnUpdate.
func (d *Doc) OnCleanup(f func(*Transaction)) (cancel func()) {
	return d.events.cleaned.add(f)
}

// OnSubdocs calls f when references to other documents came or went.
func (d *Doc) OnSubdocs(f func(SubdocsEvent, *Transaction)) (cancel func()) {
	return d.events.subdocs.add(f)
}
