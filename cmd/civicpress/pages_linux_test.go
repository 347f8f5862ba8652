package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCleanPages(t *testing.T) {
	smaps := `00400000-00c8b000 r-xp 00000000 fe:00 11   /opt/civic press
Rss:                8000 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
00c8b000-00d00000 r--p 0088b000 fe:00 11   /opt/civic press
Anonymous:             4 kB
00d00000-00d01000 r--p 00900000 fe:00 11   /opt/civic press
Anonymous:             0 kB
00d01000-00d20000 rw-p 00901000 fe:00 11   /opt/civic press
Anonymous:             0 kB
00d20000-00d30000 rw-p 00000000 00:00 0
Anonymous:             0 kB
7f000000-7f001000 r-xp 00000000 fe:00 12   /lib/other
Anonymous:             0 kB
7f001000-7f002000 r-xs 00000000 fe:00 11   /opt/civic press
Anonymous:             0 kB
`
	want := []mapping{{0x400000, 0x88b000}, {0xd00000, 0x1000}}
	if got := cleanPages(strings.NewReader(smaps), "/opt/civic press"); !slices.Equal(got, want) {
		t.Errorf("%x", got)
	}
}

// The program goes on when its pages were let go of, and there were some.
func TestProgramComesBack(t *testing.T) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Skip(err)
	}
	if len(cleanPages(f, program)) == 0 {
		t.Error("the program's own mappings are not found")
	}
	letGoOfProgram()
	TestCleanPages(t)
}
