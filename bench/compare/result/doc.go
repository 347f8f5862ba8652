// Package result is what a run of bench/compare has measured: its JSON form,
// the medians and ratios made of it, and the tables that show them.
package result
