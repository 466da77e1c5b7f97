# Turnike: everything is a target; `make help` lists them.
.DEFAULT_GOAL := help
SHELL         := /bin/bash
.SHELLFLAGS   := -eu -o pipefail -c

BIN     := bin/turnike
GO      ?= go
# The compiler of go.mod, where it can be had (it comes from where modules come
# from): an older one has known weaknesses in its standard library [SEC-66], and
# another one makes other bits [SEC-68].
TOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)
export GOTOOLCHAIN := $(shell GOTOOLCHAIN=$(TOOLCHAIN) $(GO) version >/dev/null 2>&1 && echo $(TOOLCHAIN) || echo local)
WEB     := web/dist/index.html
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
# What the pages are made of; a change of any rebuilds them.
WEBSRC  := $(shell find web/src web/copy web/build -type f 2>/dev/null) $(wildcard web/*.html web/*.ts web/*.json)
# What the whole product is made of.
GOSRC   := $(shell find cmd engineio socketio internal web -name '*.go' -o -name '*.sql' -o -name '*.txt' 2>/dev/null | grep -v node_modules)

# Never from the cache: it does not see the binary that e2e runs.
# Tests commit to real databases all the time: in memory where there is room,
# they need not wait for a disk.
TESTTMP := $(shell df -k --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 { print "/dev/shm" }')

.PHONY: help run build binary release reproduce test test-web test-go check lint dependencies bench walk clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## build, start a server with demo accounts and print where to click
	@$(BIN) serve --dev --data data/dev

build: $(BIN) ## build the pages and the one static binary at bin/turnike

$(BIN): $(WEB) $(GOSRC) go.mod go.sum
	@$(MAKE) --no-print-directory binary OUT=$@

ARCH ?= $(shell $(GO) env GOARCH)
OUT  ?= $(BIN)
# The one way to build; nothing of the machine gets into it [SEC-68].
binary:
	CGO_ENABLED=0 GOARCH=$(ARCH) $(GO) build -trimpath -buildvcs=auto -ldflags '-s -w -X main.release=$(VERSION)' -o $(OUT) ./cmd/turnike

release: $(WEB) ## binaries for linux/amd64 and linux/arm64, bills of materials and checksums, signed with SIGNING_KEY=, in dist/
	rm -rf dist && mkdir dist
	for arch in amd64 arm64; do \
	  GOOS=linux $(MAKE) --no-print-directory binary ARCH=$$arch OUT=dist/turnike-$(VERSION)-linux-$$arch; \
	  $(GO) run ./script/dependency sbom dist/turnike-$(VERSION)-linux-$$arch >dist/turnike-$(VERSION)-linux-$$arch.cdx.json; \
	done
	cd dist && sha256sum turnike-* >SHA256SUMS && cat SHA256SUMS
	@# With the private key of an OpenSSH pair, or a public one whose other half an agent holds.
	test -z "$(SIGNING_KEY)" || ssh-keygen -Y sign -n turnike -f "$(SIGNING_KEY)" dist/SHA256SUMS

reproduce: $(WEB) ## build the last commit twice, in two places, and compare the bits
	script/reproduce $(ARCH)

$(WEB): web/node_modules/.package-lock.json $(WEBSRC)
	cd web && npm run build --silent
	@touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@script/need node
	cd $* && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

test: test-web test-go ## run all tests: pages, packages (with the race detector), official clients, a real browser

test-web: $(WEB) ## the pages: types and units
	cd web && npm run check --silent && npm test --silent

test-go: build e2e/node_modules/.package-lock.json ## packages, official clients and browser
	@script/need gcc chromium python-socketio promtool trust pebble nginx caddy haproxy systemd
	TMPDIR=$${TMPDIR:-$(or $(TESTTMP),/tmp)} CI=$${CI:-1} $(GO) test -race -count=1 -timeout 20m $$($(GO) list ./... | grep -v /e2e)
	@# One after the other: each of them keeps all cores busy.
	TMPDIR=$${TMPDIR:-$(or $(TESTTMP),/tmp)} CI=$${CI:-1} $(GO) test -race -count=1 -timeout 20m -p 1 ./e2e/...

check: lint dependencies test ## what has to pass before a change lands

lint: ## formatting and static analysis
	@fmt=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$fmt" || { echo "not gofmt-ed: $$fmt"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) tool errcheck -ignoretests -exclude .errcheck ./...

dependencies: ## checksums, licences and known weaknesses of what others made
	$(GO) mod verify
	$(GO) run ./script/dependency licenses
	script/vulnerabilities

bench: build bench/peers/node/node_modules/.package-lock.json ## measure side by side with the peers; writes bench/RESULTS.md
	@script/need flask || echo "going on without Flask"
	$(GO) run ./bench -out bench/RESULTS.md

walk: build ## run docs/operations/production.md in a fresh Debian with its own systemd (root, debootstrap, systemd-container)
	script/walk

clean: ## remove what was built
	rm -rf bin dist web/dist/assets web/dist/*.html
