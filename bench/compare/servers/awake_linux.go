package servers

import (
	"errors"
	"fmt"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Awake keeps the CPUs from halting until asleep is called: on each, a process
// counts that gives way to all others at once. To wake a virtual CPU is up to the
// host and takes 0.3 ms now and then, more than all else that happens to a letter;
// it hits whoever sleeps more.
func Awake() (asleep func(), err error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, fmt.Errorf("ask for the CPUs of this process: %w", err)
	}
	var counting []*exec.Cmd
	asleep = func() {
		for _, c := range counting {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	}
	for cpu := range len(all) * 64 {
		if !all.IsSet(cpu) {
			continue
		}
		c := exec.Command("sh", "-c", "while :; do :; done")
		c.SysProcAttr = childOf()
		if err := c.Start(); err != nil {
			asleep()
			return nil, fmt.Errorf("keep CPU %d awake: %w", cpu, err)
		}
		counting = append(counting, c)
		var one unix.CPUSet
		one.Set(cpu)
		if err := errors.Join(unix.SchedSetAttr(c.Process.Pid, &unix.SchedAttr{Policy: unix.SCHED_IDLE}, 0), unix.SchedSetaffinity(c.Process.Pid, &one)); err != nil {
			asleep()
			return nil, fmt.Errorf("keep CPU %d awake: %w", cpu, err)
		}
	}
	return asleep, nil
}
