package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

var versionCommand = command{
	name:  "version",
	short: "print version, commit and platform",
	long:  "Prints the version of this binary, the commit it was built from, and its platform.",
	run: func(_ context.Context, p program, c *invocation) error {
		if _, err := c.parse(func(*flag.FlagSet) {}, 0); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "civicpress", version(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
		return nil
	},
}

// release is set by the linker for releases: -X main.release=v1.2.3.
var release string

// version returns the release, else what the Go toolchain knows.
func version() string {
	v, commit, dirty := release, "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if v == "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 12:
				commit = " " + s.Value[:12]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = " (modified)"
			}
		}
	}
	if v == "" {
		v = "(devel)"
	}
	return v + commit + dirty
}
