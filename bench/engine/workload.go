package main

var allEngines = []string{"ours", "yjs", "ywasm", "ygo"}

// A workload is something to measure: an act on a data set of
// integration_test/js/engine/bench/prepare.mjs.
type workload struct {
	name, kind, set string
}

// The kinds of acts.
const (
	kindSteps  = "steps"  // ns for one small update
	kindLoad   = "load"   // ns for the whole state as one update into a new document
	kindEncode = "encode" // ns for the state as an update
	kindMemory = "memory" // bytes that a loaded document keeps
)

var workloads = []workload{
	{name: "b4 keystroke", kind: kindSteps, set: "b4"},
	{name: "b4 load", kind: kindLoad, set: "b4-final"},
	{name: "b4 encode", kind: kindEncode, set: "b4-final"},
	{name: "100k items load", kind: kindLoad, set: "items"},
	{name: "100k items encode", kind: kindEncode, set: "items"},
	{name: "100k items update", kind: kindSteps, set: "items"},
	{name: "tiptap 5000 load", kind: kindLoad, set: "tiptap"},
	{name: "tiptap 5000 encode", kind: kindEncode, set: "tiptap"},
	{name: "tiptap 5000 update", kind: kindSteps, set: "tiptap"},
	{name: "tiptap 5000 memory", kind: kindMemory, set: "tiptap"},
	{name: "update at 1 KB", kind: kindSteps, set: "size-1KB"},
	{name: "update at 10 KB", kind: kindSteps, set: "size-10KB"},
	{name: "update at 100 KB", kind: kindSteps, set: "size-100KB"},
	{name: "update at 1 MB", kind: kindSteps, set: "size-1MB"},
	{name: "update at 10 MB", kind: kindSteps, set: "size-10MB"},
}

// most is the largest share of Yjs's figure that is the target.
func (w workload) most() float64 {
	if w.kind == kindMemory {
		return 0.6
	}
	return 0.5
}
