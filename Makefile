# `make help` lists what there is to do. Go and a C compiler are all that
# building and running need; what more a target needs, it installs under .tools/.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

SERVICES := accounts anonymization audit content gateway validation
MODULES  := proto/gen pkg services tools
BIN      := bin
# No paths of this machine, no debug information: the same bytes from any folder.
GOBUILD  := go build -trimpath -ldflags='-s -w'
# Ends with what was skipped, and why.
GOTEST   := go tool gotestsum --format pkgname --
# ENGINE=lts builds, runs and tests with the engine that `make engine` builds.
ENGINE   ?=
UP       ?=
BENCH    ?=
SUITE    ?=
# How long slowtest fuzzes each target.
FUZZ     ?= 20s

ifeq ($(ENGINE),lts)
export CGO_LDFLAGS := -L$(CURDIR)/.tools/engine/lib
export GOFLAGS     := -tags=wasmtime_lts
# Its assembler would refuse a spelling that the default engine's wants.
export WAST_STRICT_COMPONENT_INDICES := 0
endif

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build and start the whole suite; UP="--fresh" begins anew
	@exec $(BIN)/hygia up $(UP)

.PHONY: build
build: ## Build every binary into bin/
	@mkdir -p $(BIN)
	@scripts/progress $(GOBUILD) -v -o $(BIN)/ $(SERVICES:%=./services/%) ./tools/hygia

.PHONY: test
test: vet test-go test-collections test-components test-client generate-check plugins-check ## Run every test that fits half an hour
	@echo "All tests passed."

.PHONY: vet
vet:
	@for m in $(MODULES); do (cd $$m && go vet ./...); done

.PHONY: test-go
test-go: ## Run the Go tests, the end-to-end ones among them
	@for m in $(MODULES); do (cd $$m && $(GOTEST) -timeout 20m ./...); done

.PHONY: test-collections
test-collections: ## Run the tests of pkg/component with a collection at every handle's use
	@cd pkg && GOGC=1 $(GOTEST) -tags hygia_debug_gc -timeout 30m ./component/...

.PHONY: test-components
test-components: ## Run the components' own native tests
	@go run ./tools/plugins test

.PHONY: test-client
test-client: ## Compile and try the TypeScript client
	@scripts/test-client

.PHONY: slowtest
slowtest: ## Run what takes longer: the race detector, the supported engine (needs cargo), many traps, slow languages, long fuzzing
	@command -v cargo >/dev/null || { echo "slowtest builds the supported engine, which needs cargo: install Rust with rustup" >&2; exit 1; }
	@for m in pkg services tools; do (cd $$m && $(GOTEST) -race -timeout 60m ./...); done
	@$(MAKE) --no-print-directory test-engine
	@cd tools && HYGIA_SLOW_PLUGINS=1 $(GOTEST) -timeout 90m ./hygia/internal/author/flow
	@cd pkg && HYGIA_TRAPS=1000000 GOGC=20 $(GOTEST) -run UnderGarbageCollection -count 1 -timeout 30m ./component
	@scripts/fuzz $(FUZZ)

.PHONY: conformance
conformance: ## Run the suites of SUITE=folder; writes CONFORMANCE.md, or with CHECK=1 checks it
	@CHECK="$(CHECK)" scripts/conformance "$(SUITE)"

.PHONY: engine
engine: ## Build the supported engine from its crates; ENGINE=lts then links it
	@scripts/engine

.PHONY: test-engine
test-engine: engine ## Run the tests of the hosts of components with that engine
	@$(MAKE) --no-print-directory ENGINE=lts test-hosts

.PHONY: test-hosts
test-hosts:
	@cd pkg && $(GOTEST) -timeout 20m ./component/... ./plugin/...
	@cd tools && $(GOTEST) -timeout 30m ./witgen/... ./conformance/... ./hygia/... ./e2e/...
	@cd services && $(GOTEST) -timeout 20m ./...

.PHONY: lint
lint: ## Lint Go and proto
	@go tool buf lint
	@go tool buf format proto --diff --exit-code
	@scripts/golangci-lint

.PHONY: generate
generate: ## Write what is generated: from WIT, then from proto
	@go run ./tools/protodeps third_party/proto
	@go run ./tools/witgen -wit wit -go pkg/wit -proto proto
	@cp wit/*/*.wit tools/hygia/internal/author/contract/wit/
	@go tool buf generate

.PHONY: generate-check
generate-check: ## Fail where what is generated is not current
	@scripts/generate-check

.PHONY: breaking
breaking: ## Refuse a break of proto or WIT that scripts/breaking.accepted does not say
	@scripts/breaking

.PHONY: bench
bench: ## Measure beside the peers; writes build/bench.json
	@mkdir -p build
	@go run ./tools/bench -out build/bench.json $(BENCH)

.PHONY: clean
clean: ## Remove what was built; keeps .hygia/
	rm -rf $(BIN) build

include tools/plugins/plugins.mk
