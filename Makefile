# make test    sets up what is missing and passes the tests
# make demo    the main job on real data
# make help    the rest
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-test build test conformance demo lint format clean

APT := clang-format libssl-dev libzstd-dev libonnx-dev libprotobuf-dev pkg-config python3 python3-pip python3-venv
SWIFT_FLAGS := -c release

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## system packages (needs root or sudo, only when something is missing)
	@scripts/setup-packages $(APT)

setup-test: setup ## Python peers in .peers/, for tests, demo and benchmarks only
	@if [ -x peers/setup ]; then peers/setup; fi

build: setup ## release build of every command, into .build/release
	swift build $(SWIFT_FLAGS)

test: setup-test ## everything that continuous integration runs
	scripts/run-tests

conformance: setup-test ## operators against the onnx backend tests and the zoo
	swift run $(SWIFT_FLAGS) conformance

lint: setup ## formatting, as an error
	swift format lint --strict --recursive Package.swift Sources Tests runtime formats
	find runtime plugins -name '*.[ch]' -o -name '*.cc' | xargs clang-format --dry-run --Werror

format: setup ## rewrites every source in the house style
	swift format --in-place --recursive Package.swift Sources Tests runtime formats
	find runtime plugins -name '*.[ch]' -o -name '*.cc' | xargs clang-format -i

clean: ## removes what was built
	rm -rf .build build dist
