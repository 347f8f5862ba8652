module github.com/civicpress/realtimefx/bench/compare

go 1.26.0

require github.com/civicpress/realtimefx v0.0.0

require (
	github.com/coder/websocket v1.8.15
	go.uber.org/goleak v1.3.0
	golang.org/x/sys v0.49.0
)

replace github.com/civicpress/realtimefx => ../..
