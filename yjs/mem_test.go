package yjs

import (
	"runtime"
	"testing"
	"unsafe"
)

// TestMemory reports what documents take, and holds the size of an item.
func TestMemory(t *testing.T) {
	if n := unsafe.Sizeof(item{}); n > 104 {
		t.Errorf("an item takes %d bytes, want at most 104", n)
	}
	for name, u := range map[string][]byte{"blocks": blocks()} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		d := NewDoc(Options{})
		if err := d.ApplyUpdate(u, nil); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		t.Logf("%s: %d bytes as an update, %d in memory, %d items", name, len(u), after.HeapAlloc-before.HeapAlloc, d.items)
		runtime.KeepAlive(d)
	}
}
