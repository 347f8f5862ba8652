package room

import (
	"runtime"
	"testing"

	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
)

func TestMain(m *testing.M) {
	held := pack.Hold() // before the first bubble of a test
	goleak.VerifyTestMain(m)
	runtime.KeepAlive(held)
}
