# Everything a developer does here. `make` alone lists the targets.
# Needed: Go 1.26 or newer. For the web pages and the tests with real clients: Node 20.19 or newer with npm.

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 20s
N           ?= 20
TYPING      ?= 15s
RUNS        ?= 2000
SOAK        ?= 10m
STORM       ?= 10s
PKGS        ?= ./...
ARGS        ?=
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

.DEFAULT_GOAL := help
.PHONY: help run test race lint fuzz bench bench-charts bench-micro bench-engine bench-markdown bench-durability conformance mutants crash crash-compare soak storm counts docs docs-check build dist clean web setup-test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: web ## start the demo and print links for two clerks (ARGS="--dir D" keeps the data)
	$(GO) run ./cmd/civicpress demo $(ARGS)

test: setup-test ## the whole test suite, with real clients and a real browser where there is one
	$(GO) test -timeout 20m $(PKGS)
	$(if $(filter ./...,$(PKGS)),$(GO) -C bench/compare test -count=1 ./...)

race: ## the tests under the race detector
	$(GO) test -race -timeout 30m $(PKGS)

lint: ## gofmt, go vet, staticcheck, import directions
	@out="$$(git ls-files '*.go' | xargs gofmt -l)"; if [ -n "$$out" ]; then echo "gofmt needed:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) -C bench/compare vet ./...
	$(GO) -C bench/compare run $(STATICCHECK) ./...
	$(GO) test -count=1 -run 'TestImport' .

fuzz: ## each fuzz target for FUZZTIME (default 20s)
	@FUZZTIME=$(FUZZTIME) GO=$(GO) scripts/fuzz.sh

bench-markdown: ## what write-back changes in the demo records, and its speed, beside the stock pipeline
	$(GO) run ./bench/markdown

bench-engine: ## the document engine beside Yjs, ywasm and ygo, in one run
	$(GO) -C bench/engine run . $(ARGS)

bench-durability: ## how long until an edit is saved, and what the journal costs those who read along
	$(GO) run ./bench/durability $(ARGS)

bench: ## this server beside Hocuspocus, y-websocket and two bare relays (ARGS="-short -rounds 1"; Linux)
	$(GO) -C bench/compare run . $(ARGS)

bench-charts: ## put what "make bench ARGS='-json FILE'" has written (FROM=FILE, or several) into docs: pictures and figures
	$(GO) -C bench/compare run . -charts $(CURDIR)/docs/images -quote $(CURDIR)/docs/figures.json $(abspath $(FROM))
	UPDATE_DOCS=1 $(GO) test -count=1 -run IsCurrent . ./config

counts: ## allocations, instructions, system calls and bytes beside bench/counts/baseline.json (ARGS=-accept makes them the baseline)
	$(GO) run ./bench/counts $(ARGS)

bench-micro: ## the Go benchmarks of all packages
	$(GO) test -run '^$$' -bench . -benchmem $(PKGS)

crash: ## kill -9 the server N times while clients type, break its disk, flip bits, and print what is lost (N=200: about 45 min)
	@mkdir -p bin && rm -f bin/crash.jsonl
	@status=0; \
	CRASH_REPORT=$(CURDIR)/bin/crash.jsonl CRASH_RUNS=$(N) $(GO) test -count=1 -timeout 0 -v -run 'TestCrash' ./integration_test || status=$$?; \
	CRASH_REPORT=$(CURDIR)/bin/crash.jsonl $(GO) test -count=1 -v -run 'TestEveryFault' ./realtime/store/fs || status=$$?; \
	$(GO) run ./scripts/crashtable bin/crash.jsonl; exit $$status

crash-compare: ## the same kills on this server and on Hocuspocus, both in one table (N=20, TYPING=15s: longest time to a kill)
	@scripts/setup.sh hocuspocus
	@mkdir -p bin && rm -f bin/compare.jsonl
	CRASH_REPORT=$(CURDIR)/bin/compare.jsonl CRASH_RUNS=$(N) CRASH_TYPING=$(TYPING) $(GO) test -count=1 -timeout 0 -v -run 'TestCrash$$' ./integration_test
	cd bench/crash-hocuspocus && CRASH_REPORT=$(CURDIR)/bin/compare.jsonl node run.mjs --kills $(N) --typing $(TYPING)
	@$(GO) run ./scripts/crashtable bin/compare.jsonl

soak: ## 200 clients in 50 rooms for SOAK (default 10m): joins, drops, revocations, floods; then everything is compared
	SOAK=$(SOAK) $(GO) test -count=1 -timeout 0 -v -run 'TestSoak$$' ./integration_test

storm: ## 10 000 connects a second from another process, of each kind for STORM (default 10s), and what those who edit notice (Linux)
	STORM=$(STORM) $(GO) test -count=1 -timeout 0 -v -run 'TestConnectStorm$$' ./integration_test

conformance: ## compare the document engine with Yjs (RUNS=2000 random sessions)
	@scripts/setup.sh harness
	$(GO) build -o bin/yjs-replica ./cmd/yjs-replica
	cd integration_test/js/engine && node run.mjs --replica ../../../bin/yjs-replica --runs $(RUNS) --rounds 3 \
	  --recordings testdata/sessions$$(test ! -d ../../../../shared/corpus/sessions || echo ,../../../../shared/corpus/sessions)

mutants: ## plant bugs in the document engine; the checks must find each
	@scripts/setup.sh harness
	cd integration_test/js/engine && node mutants.mjs

docs: ## bring the generated parts of docs/ up to date
	UPDATE_DOCS=1 $(GO) test -count=1 -run 'IsCurrent' ./...

docs-check: ## run every command and read every configuration of the documents (installs nginx, Caddy, promtool when root)
	@scripts/setup.sh harness operator
	CI=true $(GO) test -count=1 -timeout 20m -run 'InstallGuide|Caddyfile|SystemdUnit|MonitoringFiles|ExampleConfigurations|Containerfile|Release|Doctor|OpenAPI|Contract' ./integration_test
	CI=true $(GO) test -count=1 -run 'Page|Readme|OpenAPI|ErrorCodes|Snippets|Links|KeysExist|Current' . ./config ./hooks
	$(GO) test -count=1 ./docs/...

build: web ## bin/civicpress
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/civicpress ./cmd/civicpress

web: ## build the web pages, if npm is there
	@scripts/setup.sh web

setup-test: ## install what the tests need beyond Go and Node
	@scripts/setup.sh web harness browser $(if $(CI),operator)

dist: web ## release archives with checksums and SBOM (VERSION=v1.2.3; ARGS="linux/amd64" for some platforms only)
	GO=$(GO) VERSION=$(VERSION) scripts/dist.sh $(ARGS)

clean: ## remove what was built
	rm -rf bin dist web/node_modules integration_test/js/*/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete
