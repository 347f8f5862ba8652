module github.com/civicpress/realtimefx/bench/engine

go 1.26.0

require (
	github.com/civicpress/realtimefx v0.0.0
	github.com/reearth/ygo v1.0.0
)

replace github.com/civicpress/realtimefx => ../../
