# SPDX-License-Identifier: Apache-2.0

SWIFT ?= swift
SWIFT_FLAGS ?=
# How many tests run at once: many of them wait for tmux, systemd or git, and some for each other.
TEST_WIDTH ?= 6
debian13 = $(CURDIR)/.build/debian-trixie
products = $(shell $(SWIFT) build --show-bin-path $(SWIFT_FLAGS))

.PHONY: help
help: ## Tell what can be made.
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 26

.PHONY: dependencies
dependencies: ## Install the packages that are missing (Debian; needs root or sudo).
	@packaging/install-dependencies

.PHONY: build
build: dependencies ## Build gt and gastown-daemon (debug).
	@echo "Building; the first time takes some minutes …" >&2
	@$(SWIFT) build $(SWIFT_FLAGS) --product gt
	@$(SWIFT) build $(SWIFT_FLAGS) --product gastown-daemon
	@$(SWIFT) build $(SWIFT_FLAGS) --product gastown-gate

.PHONY: demo
demo: build ## Watch it work: a town, a crash, a recovery. Leaves nothing behind.
	@packaging/demo/run "$(products)"

# Suites that only compute. Beside those that wait for the real thing, on its clock, they would take for many seconds
# the few threads which all tests of a process share.
computing = (SimulationTests|FuzzingTests)\.
.PHONY: test
test: dependencies ## Build everything and run every suite.
	@echo "Building; the first time takes some minutes …" >&2
	@$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	@packaging/run-tests $(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter '$(computing)'
	@packaging/run-tests $(SWIFT) test $(SWIFT_FLAGS) --skip-build \
	  --experimental-maximum-parallelization-width $(TEST_WIDTH) --skip '$(computing)'

# Suites that need no systemd, start no tmux server and wait for nothing.
unit = ^(Control|GastownDaemon|Supervision|Systemd|Town|TownFiles|Trust)Tests\.
.PHONY: unit
unit: ## Build, and run the suites that take seconds: for while one works (FILTER=name: only those).
	@$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	@packaging/run-tests $(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter '$(or $(FILTER),$(unit))'

# Those in which a newer systemd or tmux can make a difference.
debian13_suites = (CheckService|Crash|Disposable|Events|Manager|Reboot|Scope|Start|TmuxServer|TwoTowns|Watchdog)Tests
.PHONY: test-debian13
test-debian13: dependencies ## Run the suites that need a systemd on Debian 13's (WHOLE=1: all of them).
	@packaging/debian-tree trixie "$(debian13)" || [ $$? -eq 77 ]
	@$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	@GASTOWN_TEST_ROOT="$(debian13)" packaging/run-tests $(SWIFT) test $(SWIFT_FLAGS) --skip-build \
	  --experimental-maximum-parallelization-width $(TEST_WIDTH) \
	  --filter 'SystemTests\.$(if $(WHOLE),,$(debian13_suites))'

.PHONY: soak
soak: dependencies ## A hundred agents, random deaths and restarts for MINUTES=20: is every promise kept?
	@$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	@GASTOWN_SOAK_MINUTES=$(or $(MINUTES),20) packaging/run-tests $(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter SystemTests.SoakTests

.PHONY: vm-test
vm-test: build ## See an agent's memory limit enforced, in a virtual machine (minutes; needs root).
	@packaging/virtual-machine/run "$(products)"

# Of what is simulated: SEED SEEDS TOWNS HOURS AGENTS KEEP PLANT WITH TRACE, as `gastown-simulate --help` says.
simulation = $(foreach option,seed seeds towns hours agents keep plant with,$(if $($(shell echo $(option) | tr a-z A-Z)),\
  --$(option) $($(shell echo $(option) | tr a-z A-Z)))) $(if $(TRACE),--trace)

.PHONY: simulate
simulate: dependencies ## Simulate random trouble: BUDGET=20000 town-hours in short towns and as many in towns of two days, from seed FIRST=n on; SEED=n repeats one town.
	@$(SWIFT) build $(RELEASE_FLAGS) --product gastown-simulate
	@env -i "$$($(SWIFT) build $(RELEASE_FLAGS) --show-bin-path)/gastown-simulate" \
	  $(or $(strip $(simulation)),--town-hours $(or $(BUDGET),20000) --long-town-hours $(or $(BUDGET),20000) --seeds Tests/SimulationTests/failed-seeds.txt \
	  $(if $(FIRST),--seed $(FIRST)))

.PHONY: simulate-known
simulate-known: ## Simulate every town in which a promise was broken once: all of them must be well.
	@$(MAKE) --no-print-directory simulate TOWNS=0 SEEDS=Tests/SimulationTests/failed-seeds.txt

# Of the fuzzer: TARGET=name for one of them, SECONDS=n or MINUTES=n for each, KEEP=1 to take new inputs over.
fuzzing = $(if $(MINUTES),--seconds $$(($(MINUTES) * 60)),$(if $(SECONDS),--seconds $(SECONDS))) \
  $(if $(TARGET),--target $(TARGET)) $(if $(KEEP),--keep)

.PHONY: fuzz
fuzz: dependencies ## Fuzz all that parses, a minute each: TARGET=name, MINUTES=n or SECONDS=n for each, KEEP=1.
	@Tests/Fuzzing/run $(fuzzing)

.PHONY: fuzz-short
fuzz-short: dependencies ## Fuzz all that parses, three seconds each.
	@Tests/Fuzzing/run --seconds 3

.PHONY: fuzz-stretch
fuzz-stretch: dependencies ## See that nothing that parses costs more than its input's length (TARGET=name).
	@Tests/Fuzzing/run --stretch $(if $(TARGET),--target $(TARGET))

.PHONY: check
check: dependencies ## Formatting, sources, shell scripts, units, docs.
	@echo "swift format lint …" >&2
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	@echo "shellcheck …" >&2
	@shellcheck $(shell git grep -lE '^#!/(usr/bin/env bash|bin/(ba)?sh)')
	@echo "sources …" >&2
	@packaging/check-sources
	@echo "the graph of the targets …" >&2
	@packaging/check-graph
	@echo "units …" >&2
	@packaging/check-units
	@echo "docs …" >&2
	@packaging/check-docs

.PHONY: format
format: ## Format the Swift sources.
	@$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

# What `make install` and `make uninstall` work on; packages have their own way to say so.
PREFIX ?= /usr/local
DESTDIR ?=
# Programs for use have the Swift runtime inside, and their tables of addresses are read-only once they run. Where they
# were built makes no difference.
RELEASE_FLAGS = -c release --static-swift-stdlib -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now \
  -Xcc "-ffile-prefix-map=$(CURDIR)=."

.PHONY: release
release: dependencies ## Build for use: optimised, with the Swift runtime inside.
	@echo "Building for use; the first time takes some minutes …" >&2
	@for product in gt-manual gastown-gate gt gastown-daemon; do \
	  $(SWIFT) build $(RELEASE_FLAGS) --product $$product || exit; \
	done
	@# What tests use to make the daemon fail is no part of it.
	@packaging/check-release "$$($(SWIFT) build $(RELEASE_FLAGS) --show-bin-path)"

.PHONY: release-everything
release-everything: dependencies ## As `make release`, and what tests and measurements use besides.
	@$(SWIFT) build $(RELEASE_FLAGS)

.PHONY: install
install: ## Install what `make release` has built: PREFIX=/usr/local, DESTDIR=.
	@packaging/install-files --products "$(or $(PRODUCTS),.build/release)" --prefix "$(PREFIX)" --destdir "$(DESTDIR)"

.PHONY: uninstall
uninstall: ## Remove it again: the same PREFIX and DESTDIR.
	@packaging/install-files --uninstall --prefix "$(PREFIX)" --destdir "$(DESTDIR)"

.PHONY: deb
deb: package-dependencies release ## Build the Debian package: .build/deb/gastown_VERSION_ARCHITECTURE.deb.
	@packaging/build-deb

.PHONY: package-dependencies
package-dependencies:
	@packaging/install-dependencies --package

.PHONY: package-test
package-test: deb ## Check the package: lintian, reproducible, install, upgrade, remove.
	@packaging/test-package --lintian

.PHONY: bench
bench: dependencies ## Measure beside runit, systemd and a shell loop: 25 minutes (QUICK=1: two).
	@packaging/install-dependencies --benchmarks .build/bench/runit
	@echo "Building for use; the first time takes some minutes …" >&2
	@for product in gt gastown-daemon gastown-gate gastown-bench bench-agent bd-stand-in; do \
	  $(SWIFT) build $(RELEASE_FLAGS) --product $$product || exit; \
	done
	@packaging/bench $(if $(QUICK),--quick) $(foreach step,$(ONLY),--only $(step)) \
	  "$(shell $(SWIFT) build -c release --show-bin-path)"

# What .ci/run has no time for. Where a step fails, the others are gone through all the same.
nightly_steps = build-as-typed test-optimised simulate-long fuzz-long fuzz-stretch demo bench-quick soak test-debian13-whole \
  vm-test
.PHONY: nightly
nightly: ## What is too long for each change: optimised tests, long simulations, fuzzing, soak, Debian 13, a machine.
	@failed=; for step in $(nightly_steps); do \
	  echo "nightly: $$step …" >&2; $(MAKE) --no-print-directory $$step || failed="$$failed $$step"; \
	done; [ -z "$$failed" ] || { echo "nightly: failed:$$failed" >&2; exit 1; }

.PHONY: build-as-typed test-optimised simulate-long fuzz-long bench-quick test-debian13-whole
build-as-typed: dependencies
	@$(SWIFT) build --scratch-path .build/typed
	@$(SWIFT) build --scratch-path .build/typed -c release
	@$(SWIFT) build --scratch-path .build/typed -c release --static-swift-stdlib

# The optimiser has translated wrongly what a debug build does right. What is made to fail (GASTOWN_FAULT) is debug only.
optimised = $(SWIFT_FLAGS) -c release -Xswiftc -enable-testing --scratch-path .build/optimised
test-optimised: dependencies
	@$(SWIFT) build $(optimised) --build-tests
	@packaging/run-tests $(SWIFT) test $(optimised) --skip-build --filter '$(computing)'
	@packaging/run-tests $(SWIFT) test $(optimised) --skip-build --experimental-maximum-parallelization-width $(TEST_WIDTH) \
	  --skip '(SystemTests|SimulationTests|FuzzingTests)\.'

simulate-long:
	@$(MAKE) --no-print-directory simulate TOWNS=2000 HOURS=48 SEED="$$(packaging/ci-seed)"
fuzz-long:
	@$(MAKE) --no-print-directory fuzz MINUTES=5
bench-quick:
	@$(MAKE) --no-print-directory bench QUICK=1
test-debian13-whole:
	@$(MAKE) --no-print-directory test-debian13 WHOLE=1

.PHONY: clean
clean: ## Remove what was built.
	@$(SWIFT) package clean
