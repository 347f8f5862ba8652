package instance

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// writeFile replaces a file of the data directory so that, whatever happens,
// there is either the old text or the new: written beside it, fsynced,
// renamed, and the directory fsynced.
func (in *Instance) writeFile(local, text string) error {
	dir, base := filepath.Split(local)
	dir = filepath.Clean(dir)
	mode := os.FileMode(0o644)
	if info, err := in.data.Stat(local); err == nil {
		mode = info.Mode().Perm()
	} else if err := in.data.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write %s: %w", local, err)
	}
	temp := filepath.Join(dir, "."+base+"."+rand.Text()[:8]+".tmp")
	f, err := in.data.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", local, err)
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = in.data.Rename(temp, local)
	}
	if err != nil {
		_ = in.data.Remove(temp)
		return fmt.Errorf("write %s: %w", local, err)
	}
	return in.syncDir(dir)
}

func (in *Instance) syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be fsynced there
	}
	d, err := in.data.Open(dir)
	if err != nil {
		return fmt.Errorf("fsync %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("fsync %s: %w", dir, err)
	}
	return nil
}
