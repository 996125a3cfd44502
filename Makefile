# SPDX-License-Identifier: MIT
# Weft in two commands: `make run` and `make test`. Everything else is detail; `make help` lists it.
SHELL := /bin/bash
cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/weft
export CCACHE_DIR ?= $(cache)/ccache
export CCACHE_MAXSIZE ?= 4G
# Objects made in one checkout serve the next: paths are hashed relative to the checkout.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
export NINJA_STATUS ?= [%f/%t %es]$(space)
export CTEST_OUTPUT_ON_FAILURE = 1
space := $(subst ,, )
jobs ?= $(shell nproc)
# Debian 13 has no clang 14; any of the two will do.
clang = $(shell command -v clang++-14 || command -v clang++-19)
trees := release asan
long_trees := release asan-full tsan fuzz

.PHONY: help run test test-long test-deploy build deps deps-test bench tidy deb clean
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build, then keep a mesh of five node processes in a line up until Ctrl-C
	@exec build/release/weft mesh up 5 --topology line --demo

# One ctest run, with arguments $(3), over the build folders of $(1), which build/$(2) joins.
suite = mkdir -p build/$(2) && printf 'subdirs(%s)\n' $(1:%=../%) > build/$(2)/CTestTestfile.cmake \
	&& ctest --test-dir build/$(2) -j$(jobs) --no-tests=error $(3)

test: deps-test $(trees:%=tree-%) ## build and run every test: plain, against js-libp2p, in containers, and CAF-free parts under ASan and UBSan
	@$(call suite,$(trees),all,-LE '^long$$')

test-long test-deploy: export WEFT_DEPLOY_COMPILE = 1
test-long: deps-test $(long_trees:%=tree-%) ## the same with everything under ASan and UBSan, then ThreadSanitizer and 30 s of each fuzz target
	@$(call suite,$(long_trees),long)

test-deploy: deps-test ## only what installs and runs packages and containers (as root), and that two builds are the same bytes
	@$(call configure,release,-DWEFT_TESTS=ON -DWEFT_BENCH=ON,$(with_tests))
	@cmake --build build/release --target weft weft_package_files -j$(jobs)
	@ctest --test-dir build/release -L '^deploy$$' --verbose --no-tests=error

build: deps ## build the binary: build/release/weft
	@$(call configure,release,-DWEFT_TESTS=OFF -DWEFT_BENCH=OFF)
	@cmake --build build/release --target weft -j$(jobs)

bench: build ## print the figures of docs/benchmarks.md, beside those of js-libp2p (about ten minutes)
	@bench/figures.py build/release/weft

tidy: deps-test ## clang-tidy over the modules (slow)
	@$(call configure,release,-DWEFT_TESTS=ON -DWEFT_BENCH=ON,$(with_tests))
	@deploy/clang-tidy.sh build/release

deb: build ## build the Debian package: build/package/weft_VERSION_ARCHITECTURE.deb
	@cmake --build build/release --target weft_package_files
	@export SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)}; cd build/release \
	&& rm -rf ../package && cpack -B ../package >../package.log 2>&1 || { cat ../package.log; exit 1; }
	@ls build/package/*.deb

clean: ## remove the build folders
	@rm -rf build

deps:
	@deploy/install-dependencies.sh build
deps-test:
	@deploy/install-dependencies.sh test

# A configured folder looks after itself: ninja runs CMake again when a list or a folder changed. One that $(3) does not
# find fit is configured anew. The tests need packages that the binary does not, so `make build` leaves them out of a new
# folder and `make test` turns them on.
with_tests = && grep -qx WEFT_TESTS:BOOL=ON build/release/CMakeCache.txt
configure = { [ -f build/$(1)/build.ninja ] $(3); } || { echo "configuring build/$(1)"; mkdir -p build; cmake --preset $(1) $(2) \
	> build/configure.$(1).log 2>&1 || { cat build/configure.$(1).log; rm -f build/$(1)/build.ninja; exit 1; }; }

tree-release: deps-test
	@$(call configure,release,-DWEFT_TESTS=ON -DWEFT_BENCH=ON,$(with_tests))
	@cmake --build build/release --target all weft_package_files all_verify_interface_header_sets -j$(jobs)
tree-asan tree-asan-full tree-tsan: tree-%: tree-release
	@$(call configure,$*)
	@cmake --build build/$* -j$(jobs)
tree-fuzz: tree-release
	@$(call configure,fuzz,-DCMAKE_CXX_COMPILER=$(clang))
	@cmake --build build/fuzz -j$(jobs)
