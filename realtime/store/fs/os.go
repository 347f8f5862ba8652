package fs

import (
	"io"
	"io/fs"
	"os"
)

// OS is the file system as the store needs it. The first argument names the
// operation for tests; the real one ignores it.
type OS interface {
	MkdirAll(op, dir string) error
	// Create makes a new empty file for writing; one that is there is an
	// error.
	Create(op, name string) (File, error)
	ReadFile(op, name string) ([]byte, error)
	ReadDir(op, dir string) ([]fs.DirEntry, error)
	Rename(op, from, to string) error
	Remove(op, name string) error
	RemoveAll(op, dir string) error
	// Truncate shortens a file that is not open.
	Truncate(op, name string, size int64) error
	// SyncDir makes creations, renames and removals in a folder durable.
	SyncDir(op, dir string) error
	// ReadAt reads part of a file.
	ReadAt(op, name string, b []byte, off int64) error
}

// File is a file open for writing.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// disk is the real OS.
type disk struct{}

func (disk) MkdirAll(_, dir string) error { return os.MkdirAll(dir, 0o700) }

func (disk) Create(_, name string) (File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}

func (disk) ReadFile(_, name string) ([]byte, error)          { return os.ReadFile(name) }
func (disk) ReadDir(_, dir string) ([]fs.DirEntry, error)     { return os.ReadDir(dir) }
func (disk) Rename(_, from, to string) error                  { return os.Rename(from, to) }
func (disk) Remove(_, name string) error                      { return os.Remove(name) }
func (disk) RemoveAll(_, dir string) error                    { return os.RemoveAll(dir) }
func (disk) Truncate(_, name string, size int64) error        { return os.Truncate(name, size) }
func (disk) ReadAt(_, name string, b []byte, off int64) error { return readAt(name, b, off) }

func (disk) SyncDir(_, dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func readAt(name string, b []byte, off int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.ReadAt(b, off)
	return err
}
