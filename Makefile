# The few things one types. `make help` lists them; each is a script or a cargo command one can also run by hand.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test test-vm test-faults test-contract bench bench-api bench-engine bench-gateway bench-scanner bench-sandbox fuzz-scanner check tidy fmt ci clean-data

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
DATA_DIR := $(or $(FRAMEOS_DATA_DIR),data)

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: build ## Build and start FrameOS on http://127.0.0.1:8080 (data in ./data, or FRAMEOS_DATA_DIR)
	@exec "$(TARGET_DIR)/fast/frameos" serve

build: ## Build the web UI, the server and the jail, optimised
	@scripts/preflight
	@scripts/build-web
	cargo build --locked --profile fast -p frameos -p frameos-sandbox --bins

test: ## Run every test on SQLite and PostgreSQL (starts a throw-away PostgreSQL)
	scripts/test

test-vm: ## Run the sandbox's tests on Debian's kernel in an emulated machine, as root and as a user (twenty minutes)
	scripts/test-vm

test-faults: ## Break several processes on one PostgreSQL for half an hour (FRAMEOS_FAULTS_MINUTES, FRAMEOS_TEST_SEED)
	scripts/test-faults

test-contract: ## Let schemathesis ask a live server whatever its description allows and forbids, as each role
	scripts/test-contract

bench: bench-gateway ## The benchmark of payments

bench-gateway: ## Measure payments a second, what a long ledger costs, and the audit, on SQLite and PostgreSQL
	scripts/bench-gateway

bench-api: build ## Measure lists, searches, agents' pages and runs' pages over HTTP with 10,000 agents, and memory
	scripts/bench-api

bench-engine: build ## Measure triggers, warm runs, how full slots are kept, and the queue against BullMQ on Redis
	scripts/bench-engine

bench-scanner: ## Measure the code scanner's speed against js-x-ray, and its verdicts on real packages and real disguises
	scripts/bench-scanner

bench-sandbox: ## Measure what isolation costs, against plain processes and a Docker Engine
	scripts/with-docker cargo bench --locked -p frameos-sandbox --bench sandbox

fuzz-scanner: ## Fuzz the code scanner with libFuzzer, FUZZ_SECONDS (60) for each of its inputs
	scripts/fuzz-scanner

check: ## Formatting, lints, tidy, licences
	scripts/check

tidy: ## Check the architecture's rules only
	cargo run -q --locked -p xtask -- tidy

fmt: ## Format the code
	cargo fmt --all

ci: check test ## What the continuous integration runs

clean-data: ## Delete the data directory of `make run` (asks first)
	@read -r -p "Delete $(DATA_DIR)? [y/N] " answer && [ "$$answer" = y ]
	rm -rf -- "$(DATA_DIR)"
