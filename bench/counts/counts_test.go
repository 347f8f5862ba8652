package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCounts holds what the work costs now against the baseline.
func TestCounts(t *testing.T) {
	base, err := readBaseline("baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	bins, err := build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			if testing.Short() && p.name != "allocations" {
				t.Skip("-short")
			}
			t.Parallel() // counts do not mind
			ctx, cancel := context.WithTimeout(t.Context(), limitOfActs)
			defer cancel()
			r, err := p.count(ctx, bins)
			if err != nil {
				t.Fatal(err)
			}
			if r.skipped != "" {
				t.Skip(r.skipped)
			}
			t.Logf("\n%s", r.text(p.kinds, base))
			for _, wrong := range base.judge(p.kinds, r.counts) {
				t.Error(wrong)
			}
			if t.Failed() {
				t.Log(howToAccept)
			}
		})
	}
}

func TestCountsTableIsCurrent(t *testing.T) {
	base, err := readBaseline("baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("..", "..", pageFile)
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := updatePage(name, base.Counts); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := withTables(string(page), base.Counts); err != nil || want != string(page) {
		t.Errorf("%s does not show %s; run make docs (%v)", pageFile, baselineFile, err)
	}
}

func TestJudge(t *testing.T) {
	base := func() *baseline {
		return &baseline{
			Toolchain: toolchain(),
			Tolerance: map[string]tolerance{"allocations": {Percent: 1, Least: 0.5}, "big: allocations": {Percent: 10}},
			Counts: counts{
				"small": {allocations: 10, wireBytes: 15},
				"big":   {allocations: 1000},
			},
		}
	}
	same := counts{"small": {allocations: 10, wireBytes: 15}, "big": {allocations: 1000}}
	for _, tt := range []struct {
		name   string
		change func(*baseline, counts)
		want   string // in the only complaint; "" = none
	}{
		{"the same", func(*baseline, counts) {}, ""},
		{"one allocation more", func(_ *baseline, c counts) { c.set("small", allocations, 11) }, "small: allocations: 11, was 10 (+10.0 %; tolerance 1 %, at least 0.5): worse"},
		{"a stray allocation", func(_ *baseline, c counts) { c.set("small", allocations, 10.4) }, ""},
		{"fewer", func(_ *baseline, c counts) { c.set("small", allocations, 8) }, "better: lower the baseline"},
		{"within its own tolerance", func(_ *baseline, c counts) { c.set("big", allocations, 1099) }, ""},
		{"beyond its own tolerance", func(_ *baseline, c counts) { c.set("big", allocations, 1101) }, "1 101, was 1 000"},
		{"a byte in a hundred frames", func(_ *baseline, c counts) { c.set("small", wireBytes, 15.01) }, "bytes to the readers"},
		{"new work", func(_ *baseline, c counts) { c.set("new", allocations, 3) }, "the baseline has none"},
		{"lost work", func(_ *baseline, c counts) { delete(c, "big") }, "nothing was counted"},
		{"another compiler", func(b *baseline, c counts) { b.Toolchain = "go1.1"; c.set("small", allocations, 99) }, ""},
		{"another compiler, but bytes on the wire", func(b *baseline, c counts) { b.Toolchain = "go1.1"; c.set("small", wireBytes, 16) }, "bytes to the readers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, c := base(), counts{}
			for work, figures := range same {
				for k, v := range figures {
					c.set(work, k, v)
				}
			}
			tt.change(b, c)
			wrong := b.judge([]kind{allocations, wireBytes}, c)
			if tt.want == "" && len(wrong) > 0 || tt.want != "" && (len(wrong) != 1 || !strings.Contains(wrong[0], tt.want)) {
				t.Errorf("judged %q, want %q", wrong, tt.want)
			}
		})
	}
}

func TestAcceptKeepsWhatWasNotCounted(t *testing.T) {
	b := &baseline{Toolchain: toolchain(), Counts: counts{
		"a": {allocations: 1, instructions: 100}, "gone": {allocations: 1}, "served": {wireBytes: 5},
	}}
	b.accept([]kind{allocations}, counts{"a": {allocations: 2.004}})
	if len(b.Counts) != 2 || b.Counts["a"][allocations] != 2 || b.Counts["a"][instructions] != 100 || b.Counts["served"][wireBytes] != 5 {
		t.Errorf("the baseline is %v", b.Counts)
	}
	b.Toolchain = "go1.1"
	b.accept([]kind{allocations}, counts{"a": {allocations: 3}})
	if _, old := b.Counts["a"][instructions]; old || b.Toolchain != toolchain() {
		t.Errorf("the baseline is of %s and keeps another compiler's instructions: %v", b.Toolchain, b.Counts)
	}
}

func TestCallsOfStrace(t *testing.T) {
	calls, err := parseCalls(strings.NewReader(`7 1700000000.000001 execve("/bin/civicpress", [...], 0x7ff /* 35 vars */) = 0
7 1700000000.000002 read(8<socket:[12]>, ""..., 512) = 40
7 1700000000.000003 read(8<socket:[12]>, 0xc000, 512) = -1 EAGAIN (Resource temporarily unavailable)
8 1700000000.000004 pwrite64(9</town/journal.db-wal>, ""..., 4096, 32 <unfinished ...>
7 1700000000.000005 futex(0xabc, FUTEX_WAKE_PRIVATE, 1) = 1
8 1700000000.000006 <... pwrite64 resumed>) = 4096
8 1700000000.000007 fdatasync(9</town/journal.db-wal>) = 0
8 1700000000.000008 fcntl(5</town/civic.db-shm>, F_SETLK, {l_type=F_RDLCK, l_whence=SEEK_SET, l_start=123, l_len=1}) = 0
8 1700000000.000008 fcntl(5</town/civic.db-shm>, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)
7 1700000000.000009 write(8<socket:[12]>, ""..., 76) = 76
7 1700000000.000010 write(4<anon_inode:[eventfd]>, ""..., 8) = 8
7 1700000000.000010 io_uring_enter(11<anon_inode:[io_uring]>, 16, 0, 0, NULL, 8) = 16
7 1700000000.000011 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=7, si_uid=0} ---
7 1700000000.000012 write(8<socket:[12]>, ""..., 76) = 76
`))
	if err != nil {
		t.Fatal(err)
	}
	from := slices.IndexFunc(calls, func(c call) bool { return c.name == "read" })
	sum, rest := tally(calls, calls[from].at, calls[len(calls)-1].at)
	want := map[kind]float64{socketReads: 2, socketWrites: 1, fileWrites: 1, fileBytes: 4096, syncs: 1, locks: 1, requests: 1}
	for k, n := range want {
		if sum[k] != n {
			t.Errorf("%s: %v, want %v", k, sum[k], n)
		}
	}
	if len(sum) != len(want) || rest != "1 fcntl, 1 futex, 1 write" {
		t.Errorf("counted %v and %q", sum, rest)
	}
}
