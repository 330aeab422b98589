# csrun: all that can be done with a checkout. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

ARCH ?= x64
# What `make run` runs in its container; nothing: a look around.
ARGS ?=
PREFIX ?= /usr/local
SUITES ?=
DESTDIR ?=
# Container runtime under test; any other may be named: make test RUNTIME=/usr/bin/runc
RUNTIME ?= $(CURDIR)/out/csrun
export RUNTIME

RID := linux-$(ARCH)
OUT := $(if $(filter x64,$(ARCH)),out,out/$(ARCH))
SOURCES := $(shell git ls-files -co --exclude-standard src Directory.Build.props Directory.Packages.props global.json)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: $(OUT)/csrun ## Build out/csrun (ARCH=arm64: out/arm64/csrun)

$(OUT)/csrun: $(SOURCES)
	@build/deps.sh build $(filter arm64,$(ARCH))
	dotnet publish src/Runtime/Runtime.csproj -c Release -r $(RID) -o $(OUT)/publish -v quiet --nologo
	@install -D -m 0755 $(OUT)/publish/csrun $@
	@install -m 0644 $(OUT)/publish/csrun.dbg $@.dbg
	@touch $@

run: build ## Run a container made of busybox (ARGS=sh: a shell in it)
	@build/deps.sh run
	@contrib/demo.sh $(ARGS)

install: build ## Install the program, man pages and completions below PREFIX (/usr/local), in DESTDIR
	install -D -m 0755 $(OUT)/csrun $(DESTDIR)$(PREFIX)/bin/csrun
	install -d $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0644 contrib/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -D -m 0644 contrib/completions/csrun.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/csrun
	install -D -m 0644 contrib/completions/_csrun $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_csrun
	install -D -m 0644 contrib/completions/csrun.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/csrun.fish
	install -D -m 0644 LICENSE $(DESTDIR)$(PREFIX)/share/licenses/csrun/LICENSE

deb: build ## Make a Debian package in out/dist (ARCH=arm64: for that)
	@build/package.sh deb $(ARCH)
	@ls out/dist/*.deb

dist: ## Make a release in out/dist: tarballs, Debian packages, SBOMs and checksums, for x64 and arm64
	@rm -rf out/dist
	@for arch in x64 arm64; do $(MAKE) -s build ARCH=$$arch && build/package.sh release $$arch || exit 1; done
	@cd out/dist && sha256sum -- csrun* >SHA256SUMS && cat SHA256SUMS

docs: ## Write what is generated: man pages, completions, docs/errors.md
	dotnet run --project src/Runtime/Runtime.csproj -v quiet -- docs .

test: build ## Run the tests (SUITES="unit integration", or all); the last line counts them
	@build/deps.sh test engines
	@tests/run.sh $(SUITES)

test-vm: build ## Test in virtual machines what this one lacks: cgroup v2, systemd (KERNEL=5.10 6.1 6.12 newest, IMAGE=bookworm trixie)
	@build/deps.sh test
	@tests/run.sh vm

test-security: build ## Try known escapes on RUNTIME, whichever that is
	@build/deps.sh test
	@tests/security/run.sh

test-security-control: ## Show that those escapes succeed on runtimes that are known to be vulnerable (Debian 12's runc and crun)
	@build/deps.sh test
	@for runtime in /usr/sbin/runc /usr/bin/crun; do CONTROL=1 RUNTIME=$$runtime tests/security/run.sh || exit 1; done

conformance: ## Show which rule of the specification which test shows (UNTESTED=1: only what none does)
	@dotnet run --project tests/conformance/conformance.csproj -c Release -v quiet -- . table $(if $(UNTESTED),--untested)

conformance-columns: build ## Run the validation suite against csrun, runc and crun, and put the results into docs/conformance.md
	@build/deps.sh test
	@mkdir -p out/oci-validation
	@for runtime in out/csrun /usr/sbin/runc /usr/bin/crun; do \
	    RUNTIME=$$runtime tests/oci-validation/run.sh >out/oci-validation/$$(basename $$runtime).tap || true; \
	    tail -n 1 out/oci-validation/$$(basename $$runtime).tap; done
	@dotnet run --project tests/conformance/conformance.csproj -c Release -v quiet -- . columns out/oci-validation/{csrun,runc,crun}.tap

test-engines: build ## Run containerd, Podman, Docker and conmon on RUNTIME
	@build/deps.sh test engines
	@tests/run.sh engines

test-engines-control: ## The same with runc: a check that fails there too is a fault of the check
	@build/deps.sh test engines
	@RUNTIME=/usr/sbin/runc tests/run.sh engines

test-packages: build ## Install, upgrade and remove the Debian package in a clean root
	@build/deps.sh packages
	@tests/packages/run.sh

oci-validation: ## Run the validation suite against RUNTIME (UPSTREAM=DIR: the one built in that directory)
	@build/deps.sh test
	@$(if $(UPSTREAM),tests/oci-validation/upstream.sh $(UPSTREAM),tests/oci-validation/run.sh)

fuzz: ## Fuzz the readers, the validator and the compiler for SECONDS=60
	@build/deps.sh fuzz
	@SECONDS_TO_RUN=$(or $(SECONDS),60) fuzz/run.sh

bench: build ## Measure against runc and crun (out/bench/report.md)
	@build/deps.sh bench engines
	@bench/run.sh
	@bench/limits.sh
	@bench/load.sh
	@bench/engines.sh

bench-micro: ## Measure the seccomp compiler against libseccomp, and the config's reader against System.Text.Json (out/bench/micro)
	@build/deps.sh test
	@dotnet run --project bench/micro/micro.csproj -c Release -v quiet

lint: ## Check style, scripts, generated files
	@build/deps.sh test
	@build/lint.sh

order: ## Find out anew which functions stand in front in the executable (src/Runtime/Order)
	@build/deps.sh build
	@build/order.sh

reproducible: ## Build twice in clean directories and compare the bytes
	@build/deps.sh build
	@build/reproducible.sh

clean: ## Remove what was built
	rm -rf out
	find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +

.PHONY: help build run install deb dist docs test test-vm test-security test-security-control conformance conformance-columns oci-validation test-engines test-engines-control test-packages fuzz bench bench-micro lint order reproducible clean
