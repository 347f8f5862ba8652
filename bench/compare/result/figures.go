package result

import "slices"

// A Figure is the median of the rounds, with the lowest and the highest.
type Figure struct {
	Median, Min, Max float64
	N                int // rounds
}

func figureOf(all []float64) Figure {
	if len(all) == 0 {
		return Figure{}
	}
	slices.Sort(all)
	f := Figure{Min: all[0], Max: all[len(all)-1], N: len(all), Median: all[len(all)/2]}
	if len(all)%2 == 0 {
		f.Median = (all[len(all)/2-1] + all[len(all)/2]) / 2
	}
	return f
}

// Servers are those that were measured, in the order of the first round.
func (s *Scenario) Servers() []string {
	var names []string
	for _, m := range s.Measures {
		if !slices.Contains(names, m.Server) {
			names = append(names, m.Server)
		}
	}
	return names
}

// Figure is a metric of a server. N is 0 if there is none.
func (s *Scenario) Figure(server, metric string) Figure {
	var all []float64
	for _, m := range s.Measures {
		if v, ok := m.Values[metric]; ok && m.Server == server {
			all = append(all, v)
		}
	}
	return figureOf(all)
}

// Ratio is a metric of a server divided by that of another in the same round.
func (s *Scenario) Ratio(server, to, metric string) Figure {
	var all []float64
	for _, m := range s.Measures {
		v, ok := m.Values[metric]
		if !ok || m.Server != server || v <= 0 { // a growth can be below 0
			continue
		}
		for _, other := range s.Measures {
			if w, ok := other.Values[metric]; ok && other.Server == to && other.Round == m.Round && w > 0 {
				all = append(all, v/w)
			}
		}
	}
	return figureOf(all)
}

// Missing is how many deliveries of a server did not happen, of how many, in
// all rounds.
func (s *Scenario) Missing(server string) (missing, of int64) {
	for _, m := range s.Measures {
		if m.Server == server {
			missing += m.Expected - m.Delivered
			of += m.Expected
		}
	}
	return missing, of
}

// Reach is how a target came out for a server.
func (s *Scenario) Reach(server string, t Target) (f Figure, met bool) {
	if t.To == "" {
		f = s.Figure(server, t.Metric)
	} else {
		f = s.Ratio(server, t.To, t.Metric)
	}
	return f, f.N > 0 && (t.Most == 0 || f.Median <= t.Most) && (t.Least == 0 || f.Median >= t.Least)
}

func (s *Scenario) metric(key string) Metric {
	for _, m := range s.Metrics {
		if m.Key == key {
			return m
		}
	}
	return Metric{Key: key, Label: key}
}
