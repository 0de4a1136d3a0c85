# SPDX-License-Identifier: Apache-2.0

SWIFT ?= swift
SWIFT_FLAGS ?=
# How many tests run at once: many of them wait for tmux, systemd or git, and some for each other.
TEST_WIDTH ?= 6
products = $(shell $(SWIFT) build --show-bin-path $(SWIFT_FLAGS))

.PHONY: help
help: ## Tell what can be made.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

.PHONY: dependencies
dependencies: ## Install the packages that are missing (Debian; needs root or sudo).
	@packaging/install-dependencies

.PHONY: build
build: dependencies ## Build gt and gastown-daemon (debug).
	@echo "Building; the first time takes some minutes …" >&2
	@$(SWIFT) build $(SWIFT_FLAGS) --product gt
	@$(SWIFT) build $(SWIFT_FLAGS) --product gastown-daemon

.PHONY: demo
demo: build ## Watch it work: a town, a crash, a recovery. Leaves nothing behind.
	@packaging/demo/run "$(products)"

.PHONY: test
test: dependencies ## Build everything and run every suite.
	@echo "Building; the first time takes some minutes …" >&2
	@$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	@$(SWIFT) test $(SWIFT_FLAGS) --skip-build --experimental-maximum-parallelization-width $(TEST_WIDTH)

# Of what is simulated: SEED TOWNS HOURS AGENTS KEEP PLANT TRACE, as `gastown-simulate --help` says.
simulation = $(foreach option,seed towns hours agents keep plant,$(if $($(shell echo $(option) | tr a-z A-Z)),\
  --$(option) $($(shell echo $(option) | tr a-z A-Z)))) $(if $(TRACE),--trace)

.PHONY: simulate
simulate: dependencies ## Simulate 20,000 town-hours of random trouble; SEED=n repeats one town (TOWNS=n, HOURS=n).
	@$(SWIFT) build -c release --product gastown-simulate
	@"$$($(SWIFT) build -c release --show-bin-path)/gastown-simulate" \
	  $(or $(strip $(simulation)),--town-hours 20000 --seeds Tests/SimulationTests/failed-seeds.txt)

.PHONY: check
check: dependencies ## Formatting, shell scripts, units, docs.
	@echo "swift format lint …" >&2
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	@echo "shellcheck …" >&2
	@shellcheck $(shell git grep -lE '^#!/(usr/bin/env bash|bin/(ba)?sh)')
	@echo "units …" >&2
	@packaging/check-units
	@echo "docs …" >&2
	@packaging/check-docs

.PHONY: format
format: ## Format the Swift sources.
	@$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

.PHONY: release
release: dependencies ## Build for use: optimised, with the Swift runtime inside.
	@$(SWIFT) build -c release --static-swift-stdlib --product gt
	@$(SWIFT) build -c release --static-swift-stdlib --product gastown-daemon

.PHONY: bench
bench: dependencies ## Measure beside runit, systemd and a shell loop: 25 minutes (QUICK=1: two).
	@packaging/install-dependencies --benchmarks .build/bench/runit
	@echo "Building for use; the first time takes some minutes …" >&2
	@for product in gt gastown-daemon gastown-bench bench-agent bd-stand-in; do \
	  $(SWIFT) build -c release --static-swift-stdlib --product $$product || exit; \
	done
	@packaging/bench $(if $(QUICK),--quick) $(foreach step,$(ONLY),--only $(step)) \
	  "$(shell $(SWIFT) build -c release --show-bin-path)"

.PHONY: clean
clean: ## Remove what was built.
	@$(SWIFT) package clean
