package sqlite

import "testing"

// FuzzWALDamage looks at logs that hold anything.
func FuzzWALDamage(f *testing.F) {
	f.Add([]byte{0x37, 0x7f, 0x06, 0x83, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(make([]byte, 5000))
	f.Fuzz(func(t *testing.T, b []byte) { _ = walDamage(b) })
}
