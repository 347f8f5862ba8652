package realtime

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
)

func TestMain(m *testing.M) {
	// The coders serve the whole process and hold channels: they must not be
	// made inside the bubble of the first test that packs something.
	if _, err := pack.Unpack(pack.Pack([]byte("x"))); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
