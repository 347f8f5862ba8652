package servers

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Apart gives the process pid one CPU and this process the others, where there
// are more than one, until together is called. When only one frame is on its way
// at a time, a wake-up from CPU to CPU costs more than all that the server does
// with the frame, and whether there is one would be up to what else the kernel's
// scheduler had to do.
func Apart(pid int) (together func() error, err error) {
	var all, one, others unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, fmt.Errorf("ask for the CPUs of this process: %w", err)
	}
	if all.Count() < 2 {
		return func() error { return nil }, nil
	}
	others = all
	for cpu := range len(all) * 64 {
		if all.IsSet(cpu) {
			one.Set(cpu)
			others.Clear(cpu)
			break
		}
	}
	together = func() error {
		return errors.Join(place(os.Getpid(), &all), ignoreGone(place(pid, &all)))
	}
	if err := errors.Join(place(pid, &one), place(os.Getpid(), &others)); err != nil {
		return nil, errors.Join(err, together())
	}
	return together, nil
}

// place has all threads of a process run on some CPUs only; new ones do as who
// started them.
func place(pid int, on *unix.CPUSet) error {
	placed := map[int]bool{}
	for more := true; more; { // threads that began meanwhile
		more = false
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return fmt.Errorf("list the threads of process %d: %w", pid, err)
		}
		for _, t := range tasks {
			id, err := strconv.Atoi(t.Name())
			if err != nil || placed[id] {
				continue
			}
			if err := unix.SchedSetaffinity(id, on); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("choose the CPUs of process %d: %w", pid, err)
			}
			placed[id], more = true, true
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
