package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/result"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// measureLimit ends a measurement that hangs.
const measureLimit = 15 * time.Minute

// measureAll runs what was asked for. In each round every server has its turn,
// each round another one first, each measurement on a fresh process.
func measureAll(ctx context.Context, o options) (err error) {
	kit, err := servers.NewKit(ctx, o.servers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kit.Close()) }()
	r := newReport(ctx, o)
	names := slices.DeleteFunc(slices.Clone(o.servers), func(name string) bool {
		lacks := kit.Lacks(name)
		if lacks != "" {
			r.Skipped = append(r.Skipped, name+": "+lacks)
			fmt.Printf("%s is skipped: %s\n", name, lacks)
		}
		return lacks != ""
	})
	for _, sc := range scenarios {
		if !slices.Contains(o.only, sc.id) {
			continue
		}
		s := result.Scenario{ID: sc.id, Title: sc.title, Setup: sc.setup(o.short), Metrics: sc.metrics, Targets: sc.targets}
		for round := range o.rounds {
			for i := range names {
				name := names[(i+round)%len(names)]
				if len(sc.only) > 0 && !slices.Contains(sc.only, name) {
					continue
				}
				r.Noise.Calibration = append(r.Noise.Calibration, calibrate())
				m, err := measureOne(ctx, kit, sc, name, round+1, o)
				if err != nil {
					return err
				}
				s.Measures = append(s.Measures, m)
				fmt.Fprintf(os.Stderr, "%s, round %d of %d, %s: %s\n", sc.id, round+1, o.rounds, name, brief(sc, m))
			}
		}
		s.WriteMarkdown(os.Stdout, servers.Ours)
		r.Scenarios = append(r.Scenarios, s)
		r.Noise.LoadAfter = loadAverage()
		if o.json != "" { // each time: a run is long
			if err := r.Write(o.json); err != nil {
				return err
			}
		}
	}
	r.WriteNoise(os.Stdout)
	return nil
}

// measure runs the scenario, with the CPUs as it wants them.
func (sc scenario) measure(ctx context.Context, j *job) error {
	if sc.awake {
		asleep, err := servers.Awake()
		if err != nil {
			return err
		}
		defer asleep()
	}
	return errors.Join(sc.run(ctx, j), j.stop())
}

func measureOne(ctx context.Context, kit *servers.Kit, sc scenario, name string, round int, o options) (result.Measure, error) {
	limited, cancel := context.WithTimeout(ctx, measureLimit)
	defer cancel()
	j := &job{kit: kit, server: name, round: round, short: o.short, lose: o.lose, m: result.Measure{Server: name, Round: round, Values: map[string]float64{}}}
	err := sc.measure(limited, j)
	if ctx.Err() != nil {
		return j.m, ctx.Err()
	}
	if err != nil { // a server that fails is a result too
		j.note(err.Error())
	}
	return j.m, nil
}

// brief is a measurement in one line.
func brief(sc scenario, m result.Measure) string {
	text := ""
	for _, metric := range sc.metrics {
		if v, ok := m.Values[metric.Key]; ok {
			text += fmt.Sprintf("%s %s %s, ", metric.Label, result.Number(v), metric.Unit)
		}
	}
	return text + fmt.Sprintf("%d of %d delivered %s", m.Delivered, m.Expected, m.Note)
}
