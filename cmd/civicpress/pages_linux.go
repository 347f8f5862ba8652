package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The program's file is mapped into memory. What of it was ever used counts as
// resident: two thirds of what a fresh server has, although most of it ran once,
// at the start. letGoOfProgram tells the system that those pages are not needed
// now. They stay in its page cache, and whatever is used again comes back from
// there, sixteen pages at a time, without a read from the disk; but the system
// may take them when memory is short, and they are not counted meanwhile.
func letGoOfProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	for _, m := range cleanPages(f, program) {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.length, unix.MADV_DONTNEED) // a refusal changes nothing
	}
}

// mapping is a part of the address space.
type mapping struct{ start, length uintptr }

// cleanPages returns the mappings of the file that are as they are on the disk:
// nobody may write to them, and no page was replaced, as a debugger or a loader
// does. Of those nothing can be lost. r is what Linux says in smaps.
func cleanPages(r io.Reader, file string) (list []mapping) {
	var candidate mapping
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) >= 5 && strings.Contains(f[0], "-"): // range, rights, offset, device, inode, name
			candidate = mapping{}
			if len(f) > 5 && strings.HasSuffix(lines.Text(), " "+file) && (f[1] == "r-xp" || f[1] == "r--p") {
				from, to, _ := strings.Cut(f[0], "-")
				start, err1 := strconv.ParseUint(from, 16, 64)
				end, err2 := strconv.ParseUint(to, 16, 64)
				if err1 == nil && err2 == nil && start < end {
					candidate = mapping{uintptr(start), uintptr(end - start)}
				}
			}
		case len(f) == 3 && f[0] == "Anonymous:" && f[1] == "0" && candidate.length > 0:
			list = append(list, candidate)
			candidate = mapping{}
		}
	}
	return list
}
