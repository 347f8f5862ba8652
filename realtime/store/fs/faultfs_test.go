package fs_test

import (
	"bytes"
	"errors"
	iofs "io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
)

// faulty is a file system in memory that keeps apart what a program wrote and
// what is on the disk: bytes get there by Sync, names by SyncDir. After a crash
// only that is left, and by chance some of the rest.
type faulty struct {
	mu    sync.Mutex
	dirs  map[string]bool
	now   map[string]*inode // the names as programs see them
	disk  map[string]*inode // the names that are on the disk
	ops   int
	names []string // of the operations so far
	at    int      // the operation that fails; 0 = none
	span  int      // so many after it fail as well
	fault fault
	gone  bool // crashed: everything fails
	rnd   *rand.Rand
}

type inode struct{ data, synced []byte }

type fault int

const (
	crash   fault = iota // the machine stops at the operation
	ioError              // EIO; of a fsync the bytes are lost
	full                 // ENOSPC
	short                // half of a write
)

var errCrashed = errors.New("the machine has stopped")

var _ disk.OS = (*faulty)(nil)

func newFaulty(seed uint64) *faulty {
	return &faulty{dirs: map[string]bool{}, now: map[string]*inode{}, disk: map[string]*inode{}, rnd: rand.New(rand.NewPCG(seed, 7))}
}

// restart returns the file system as it is found after a crash.
func (f *faulty) restart() *faulty {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := newFaulty(f.rnd.Uint64())
	next.dirs = f.dirs
	names := f.disk
	if f.rnd.IntN(2) == 0 {
		names = f.now // the kernel had written the folders already
	}
	for name, n := range names {
		data := bytes.Clone(n.synced)
		if tail := n.data[min(len(n.synced), len(n.data)):]; len(n.data) >= len(n.synced) && len(tail) > 0 {
			data = append(data, tail[:f.rnd.IntN(len(tail)+1)]...)
		}
		c := &inode{data, bytes.Clone(data)}
		next.now[name], next.disk[name] = c, c
	}
	return next
}

// step counts an operation and says how it ends.
func (f *faulty) step(op string) (fault, error) {
	if f.gone {
		return crash, errCrashed
	}
	f.ops++
	f.names = append(f.names, op)
	if f.at == 0 || f.ops < f.at || f.ops > f.at+f.span {
		return -1, nil
	}
	switch f.fault {
	case crash:
		f.gone = true
		return crash, errCrashed
	case full:
		return full, syscall.ENOSPC
	case short:
		return short, syscall.ENOSPC
	}
	return ioError, syscall.EIO
}

func (f *faulty) MkdirAll(op, dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return err
	}
	f.dirs[dir] = true
	return nil
}

func (f *faulty) Create(op, name string) (disk.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return nil, err
	}
	if f.now[name] != nil {
		return nil, iofs.ErrExist
	}
	n := &inode{}
	f.now[name] = n
	return &faultyFile{f, n}, nil
}

type faultyFile struct {
	f *faulty
	n *inode
}

func (w *faultyFile) Write(b []byte) (int, error) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	kind, err := w.f.step("write")
	if err != nil {
		if kind == short || kind == crash {
			w.n.data = append(w.n.data, b[:len(b)/2]...)
			return len(b) / 2, err
		}
		return 0, err
	}
	w.n.data = append(w.n.data, b...)
	return len(b), nil
}

func (w *faultyFile) Sync() error {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	if kind, err := w.f.step("sync"); err != nil {
		if kind == ioError { // the kernel drops the pages and calls them clean
			w.n.data = append(bytes.Clone(w.n.synced), make([]byte, len(w.n.data)-len(w.n.synced))...)
		}
		return err
	}
	w.n.synced = bytes.Clone(w.n.data)
	return nil
}

func (w *faultyFile) Commit(b []byte) (int, error) {
	n, err := w.Write(b)
	if err == nil {
		err = w.Sync()
	}
	return n, err
}

func (w *faultyFile) Close() error { return nil }

func (f *faulty) ReadFile(op, name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return nil, err
	}
	if f.now[name] == nil {
		return nil, iofs.ErrNotExist
	}
	return bytes.Clone(f.now[name].data), nil
}

func (f *faulty) ReadAt(op, name string, b []byte, off int64) error {
	data, err := f.ReadFile(op, name)
	if err == nil && copy(b, data[min(int(off), len(data)):]) < len(b) {
		err = errors.New("unexpected end of file")
	}
	return err
}

func (f *faulty) ReadDir(op, dir string) ([]iofs.DirEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return nil, err
	}
	if !f.dirs[dir] {
		return nil, iofs.ErrNotExist
	}
	var list []iofs.DirEntry
	for name := range f.now {
		if filepath.Dir(name) == dir {
			list = append(list, entryName(filepath.Base(name)))
		}
	}
	for name := range f.dirs {
		if filepath.Dir(name) == dir {
			list = append(list, entryName(filepath.Base(name)))
		}
	}
	return list, nil
}

type entryName string

func (e entryName) Name() string                 { return string(e) }
func (e entryName) IsDir() bool                  { return false }
func (e entryName) Type() iofs.FileMode          { return 0 }
func (e entryName) Info() (iofs.FileInfo, error) { return nil, errors.ErrUnsupported }

func (f *faulty) Rename(op, from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return err
	}
	if f.now[from] == nil {
		return iofs.ErrNotExist
	}
	f.now[to] = f.now[from]
	delete(f.now, from)
	return nil
}

func (f *faulty) Remove(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return err
	}
	if f.now[name] == nil {
		return iofs.ErrNotExist
	}
	delete(f.now, name)
	return nil
}

func (f *faulty) RemoveAll(op, dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return err
	}
	for name := range f.now {
		if strings.HasPrefix(name, dir+"/") {
			delete(f.now, name)
		}
	}
	delete(f.dirs, dir)
	return nil
}

func (f *faulty) Truncate(op, name string, size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return err
	}
	if n := f.now[name]; n != nil && int64(len(n.data)) > size {
		n.data = n.data[:size:size]
	}
	return nil
}

func (f *faulty) SyncDir(op, dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.step(op); err != nil {
		return err
	}
	for name := range f.disk {
		if (filepath.Dir(name) == dir || filepath.Dir(filepath.Dir(name)) == dir && !f.dirs[filepath.Dir(name)]) && f.now[name] == nil {
			delete(f.disk, name)
		}
	}
	for name, n := range f.now {
		if filepath.Dir(name) == dir {
			f.disk[name] = n
		}
	}
	return nil
}

// patience bounds the retries of a failed call in a test.
const patience = 6

var epoch = time.UnixMilli(1_700_000_000_000)
