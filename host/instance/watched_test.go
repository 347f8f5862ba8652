package instance

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWatchedFileIsLookedAtOnceInAGlance(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "f"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		write("a")
		f, err := openWatched(root, "f", slog.New(slog.DiscardHandler), "", func(src []byte) (string, error) { return string(src), nil })
		if err != nil {
			t.Fatal(err)
		}
		get := func(want string, wantChanged bool) {
			t.Helper()
			if got, changed := f.get(); got != want || changed != wantChanged {
				t.Errorf("got %q, changed: %v; want %q, %v", got, changed, want, wantChanged)
			}
		}
		get("a", false)
		write("bb")
		time.Sleep(glance - 1)
		get("a", false)
		time.Sleep(time.Nanosecond)
		get("bb", true)
		get("bb", false)
		write("ccc")
		time.Sleep(glance)
		get("ccc", true)
	})
}
