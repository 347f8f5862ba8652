package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// startOurs starts civicpress demo on a data folder of its own. The limit of a
// frame is raised, because a client brings the document of 11.5 MB in one; all
// else is as a town gets it, but for what --unlimited lifts.
func (k *Kit) startOurs(s *Server, o Options) error {
	var yml strings.Builder
	yml.WriteString("realtime:\n  limits:\n    frame_bytes: 67108864\n")
	if s.Name == OursMemory || o.NoSnapshots {
		yml.WriteString("  snapshots:\n")
	}
	if s.Name == OursMemory {
		yml.WriteString("    storage: memory\n")
	}
	if o.NoSnapshots {
		yml.WriteString("    enabled: false\n")
	}
	if o.GraceMS != 0 {
		fmt.Fprintf(&yml, "  rooms:\n    grace_period_ms: %d\n", o.GraceMS)
	}
	system := filepath.Join(s.dir, ".system-data")
	if err := os.MkdirAll(system, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(system, "realtime.yml"), []byte(yml.String()), 0o600); err != nil {
		return err
	}
	return s.run(k.civicpress, "demo", "--json", "--dir", s.dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0",
		"--unlimited", "--records", fmt.Sprint(o.Rooms))
}
