package mem_test

import (
	"testing"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/realtime/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		s := mem.New()
		return storetest.Harness{Open: func() (store.Store, error) { return s.Reopen(), nil }}
	})
}
