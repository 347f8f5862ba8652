package main

import (
	"slices"
	"time"
)

func slicesSort(l []time.Duration) { slices.Sort(l) }
