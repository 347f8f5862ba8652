package main

import (
	"context"
	"errors"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/result"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// job is one measurement of one server.
type job struct {
	kit     *servers.Kit
	server  string
	round   int
	short   bool
	lose    int
	running *servers.Server
	m       result.Measure
}

// start starts the server of the job, which is stopped when the job is over.
func (j *job) start(ctx context.Context, o servers.Options) (*servers.Server, error) {
	o.Lose = j.lose
	s, err := j.kit.Start(ctx, j.server, o)
	j.running = s
	return s, err
}

func (j *job) stop() error {
	if j.running == nil {
		return nil
	}
	err := j.running.Stop()
	j.running = nil
	return err
}

func (j *job) note(text string) {
	if j.m.Note != "" {
		text = j.m.Note + "; " + text
	}
	j.m.Note = text
}

// size divides a size in a short run.
func (j *job) size(n int) int { return sized(j.short, n) }

func sized(short bool, n int) int {
	if short {
		return max(1, n/10)
	}
	return n
}

// meter takes the CPU time of the server, and of the generator, from a moment
// on.
type meter struct {
	pid         int
	server, own time.Duration
}

func startMeter(s *servers.Server) (*meter, error) {
	cpu, err := servers.CPU(s.PID())
	return &meter{pid: s.PID(), server: cpu, own: servers.OwnCPU()}, err
}

// read returns what the server has used since.
func (m *meter) read(j *job) (time.Duration, error) {
	cpu, err := servers.CPU(m.pid)
	j.m.Generator += (servers.OwnCPU() - m.own).Seconds()
	return cpu - m.server, err
}

// outcome takes the account of a run.
func (j *job) outcome(o load.Outcome) {
	j.m.Expected += o.Expected
	j.m.Delivered += o.Delivered
	if o.Err != nil {
		j.note(o.Err.Error())
	}
}

// took sets p50 and p99, in ms.
func (j *job) took(sorted []time.Duration) {
	if len(sorted) == 0 {
		return
	}
	j.m.Values["p50_ms"] = ms(percentile(sorted, 50))
	j.m.Values["p99_ms"] = ms(percentile(sorted, 99))
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// errOr is an error, or one that says so if there is none.
func errOr(err error, none string) error {
	if err != nil {
		return err
	}
	return errors.New(none)
}
