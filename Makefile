# csrun: all that can be done with a checkout. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

ARCH ?= x64
PREFIX ?= /usr/local
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

test: build ## Run every test; the last line counts them
	@build/deps.sh test
	@tests/run.sh

lint: ## Check style, scripts, generated files
	@build/deps.sh test
	@build/lint.sh

reproducible: ## Build twice in clean directories and compare the bytes
	@build/deps.sh build
	@build/reproducible.sh

clean: ## Remove what was built
	rm -rf out
	find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +

.PHONY: help build test lint reproducible clean
