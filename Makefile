# SPDX-License-Identifier: MIT
# Weft in two commands: `make run` and `make test`. Everything else is detail; `make help` lists it.
SHELL := /bin/bash
export CCACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/weft/ccache
export CCACHE_MAXSIZE ?= 4G

.PHONY: help run test build deps deps-test
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps:
	@deploy/install-dependencies.sh build
deps-test:
	@deploy/install-dependencies.sh test

build: deps ## build the binary: build/release/weft
	@cmake --preset release > build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
	@cmake --build --preset release --target weft
