package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Flip changes one bit of a file: in the middle of the bytes that are given, or
// of the whole file.
func Flip(name string, what []byte) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	i := bytes.Index(b, what)
	if i < 0 {
		return errNotThere
	}
	if what == nil {
		i = len(b) / 2
	}
	b[i+len(what)/2] ^= 0x10
	return os.WriteFile(name, b, 0o600)
}

var errNotThere = errors.New("the bytes are not there")

// FlipEntry changes one bit of an entry that a check has appended, in the
// segments of a journal folder.
func FlipEntry(dir, room string, seq uint64) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := Flip(f, entry(room, seq).Update); !errors.Is(err, errNotThere) {
			return err
		}
	}
	return fmt.Errorf("entry %d of %s: %w", seq, room, errNotThere)
}
