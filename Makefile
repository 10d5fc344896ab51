# make test    sets up what is missing and passes the tests
# make demo    the main job on real data
# make help    the rest
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-test plugins cases build test check-full conformance demo bench bench-trees lib dist dist-check lint format clean

APT := ca-certificates clang-format curl libcurl4-openssl-dev libssl-dev libzstd-dev libopenblas-dev libonnx-dev libprotobuf-dev pkg-config python3 python3-pip python3-venv
APT_TEST := docker-registry skopeo softhsm2
SWIFT_FLAGS := -c release

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## system packages (needs root or sudo, only when something is missing)
	@scripts/setup-packages $(APT)

setup-test: setup ## Python peers in .peers/, for tests, demo and benchmarks only
	@scripts/setup-packages $(APT_TEST)
	@if [ -x peers/setup ]; then peers/setup; peers/setup mlflow; fi

plugins: setup ## the Arrow and ONNX plug-ins, into build/plugins
	@plugins/arrow/build.sh
	@plugins/onnx/build.sh

build: plugins ## release build of every command, into .build/release
	swift build $(SWIFT_FLAGS)

test: setup-test plugins cases ## everything that continuous integration runs
	scripts/run-tests

check-full: plugins cases ## 10,000 damaged inputs of each kind under AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/check-full

cases: setup-test ## models of other libraries with their predictions, into build/zoo and build/conformance
	@[ -f build/zoo/index.json ] || .peers/bin/python peers/zoo.py
	@[ -f build/conformance/index.json ] || .peers/bin/python peers/conformance.py

conformance: cases ## operators against the onnx backend tests and the zoo
	swift run $(SWIFT_FLAGS) conformance

demo: setup-test build ## flights of 2013: train elsewhere, compile, sign, verify, score, compare, serve
	examples/flights/demo

lib: setup ## libmaxai.so, for C and Python, into build/lib
	swift build $(SWIFT_FLAGS) --target MaxLibrary
	scripts/library

bench: setup-test build lib ## scoring, serving and trees beside the peers
	benchmarks/run
	benchmarks/trees/run

bench-trees: lib ## ensembles of trees beside every peer, into build/bench-trees; ARGS=--quick for a few
	swift build $(SWIFT_FLAGS) --product maxai-compile
	benchmarks/trees/run $(ARGS)

dist-check: setup-test dist ## proves that the server is one file that starts in a bare root
	scripts/dist-check

dist: build ## stripped executables that run where no Swift is installed, into dist/
	scripts/dist

lint: setup ## formatting, as an error
	swift format lint --strict --recursive Package.swift Sources Tests runtime formats benchmarks
	find runtime plugins Sources Tests benchmarks examples -name '*.[ch]' -o -name '*.cc' | xargs clang-format --dry-run --Werror

format: setup ## rewrites every source in the house style
	swift format --in-place --recursive Package.swift Sources Tests runtime formats benchmarks
	find runtime plugins Sources Tests benchmarks examples -name '*.[ch]' -o -name '*.cc' | xargs clang-format -i

clean: ## removes what was built
	rm -rf .build build dist
