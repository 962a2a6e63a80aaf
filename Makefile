# Two commands for a newcomer: `make rehearse` and `make test`. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
SCENARIO ?= scenarios/quickstart.yaml
WORKERS ?= auto

.PHONY: help setup setup-dev rehearse test check fuzz fuzz-setup fuzz-coverage differential corpus simulate simulate-night planted scenarios mutations torture torture-faults interop peers bench growth lock docs screenshots docker-check matrix clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## set up .venv with what is needed to run
	@scripts/setup

setup-dev: ## set up .venv with the development tools too
	@scripts/setup dev

rehearse: setup ## run a scenario and print its report (SCENARIO=scenarios/quickstart.yaml)
	@$(BIN)/carrierlab run $(SCENARIO)

# The processes of a run, and the next run, need not rewrite the assertions of hundreds of files anew.
test mutations: export PYTHONDONTWRITEBYTECODE =

test: setup-dev ## run the test suite on all cores (ARGS=... is passed on, WORKERS=0 stays in one process)
	@scripts/browser
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

check: setup-dev ## run the linters, the type checker and the layer contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fuzz: setup-dev ## throw damaged PDUs at all that reads input (COUNT=1000000)
	@$(BIN)/python scripts/fuzz.py --count $(or $(COUNT),1000000)

fuzz-setup: ## set up .fuzz with what the two targets below need
	@VENV=.fuzz scripts/setup
	@.fuzz/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-deps \
		--requirement requirements-fuzz.lock

fuzz-coverage: fuzz-setup ## fuzz with coverage as the guide (SECONDS=60 for each target, TARGETS=session)
	@.fuzz/bin/python scripts/fuzz_coverage.py --seconds $(or $(SECONDS),60) $(TARGETS)

differential: fuzz-setup ## read the same PDUs with smpp.pdu3, smpplib and tshark (COUNT=10000)
	@.fuzz/bin/python scripts/differential.py --count $(or $(COUNT),10000)

corpus: setup-dev ## write what fuzzing starts from anew
	@$(BIN)/python scripts/make_corpus.py

simulate: setup-dev ## the sender in every kind of trouble, on a disk that loses power (SEEDS=1000)
	@$(BIN)/python -m tests.simulation --seeds 1..$(or $(SEEDS),1000)

simulate-night: ## the same with a hundred times as many seeds, for a night
	@$(MAKE) simulate SEEDS=100000

planted: setup-dev ## plant bugs in a copy of the sender, and see whether the simulation finds them (BUGS="04 12")
	@$(BIN)/python -m tests.simulation.planted $(BUGS)

scenarios: setup-dev ## play every scenario, and every run of its matrix, in virtual time with many seeds (SEEDS=20)
	@$(BIN)/carrierlab run scenarios/*.yaml --seeds 1..$(or $(SEEDS),20) --quiet

mutations: setup-dev ## see that every scenario fails when what it rehearses is taken away: all of its mutations
	@ALL_MUTATIONS=1 $(BIN)/pytest -n $(WORKERS) tests/scenarios/test_mutations.py

torture-faults: setup-dev ## bad links, an expired certificate, no DNS, a disk that fails, a clock that jumps (TRIALS="links disk")
	@$(BIN)/python loadtests/torture_faults.py $(TRIALS)

interop: setup-dev ## send through SMSCs that others have written, after installing them in .interop
	@scripts/interop
	@$(BIN)/pytest tests/interop -n 0 -q

torture: setup-dev ## kill the sender and an operator in the middle of a campaign (MESSAGES=1000000 KILLS=200)
	@$(BIN)/python loadtests/torture.py --messages $(or $(MESSAGES),1000000) --kills $(or $(KILLS),200)

peers: setup-dev ## install the SMPP implementations that bench measures beside ours, in .interop and .peers
	@scripts/peers

bench: peers ## run all benchmarks, and bring docs/performance.md up to date (SIZE=--quick, ARGS="--only codec")
	@$(BIN)/python loadtests/bench.py $(SIZE) $(ARGS)
	@$(BIN)/python scripts/make_performance.py

growth: setup-dev ## measure how cost grows with binds, messages, rules and operators (ARGS="--curve rules", ARGS="--most 1000000")
	@$(BIN)/python loadtests/growth.py $(ARGS)
	@$(BIN)/python scripts/make_performance.py

lock: setup-dev ## write both locks anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@scripts/lock $(ARGS)

docs: setup-dev ## bring up to date what is made in docs/ and shown in the README
	@$(BIN)/python scripts/make_reference.py
	@$(BIN)/python scripts/make_faults.py
	@$(BIN)/python scripts/make_lint.py
	@$(BIN)/python scripts/make_gauntlet.py
	@$(BIN)/python scripts/make_planted.py
	@$(BIN)/python scripts/make_schema.py
	@$(BIN)/python scripts/make_report_schema.py
	@$(BIN)/python scripts/make_excerpts.py
	@$(BIN)/python scripts/make_performance.py

screenshots: setup-dev ## take the pictures in docs/ anew
	@scripts/browser
	@$(BIN)/python scripts/make_screenshots.py

docker-check: setup-dev ## check the files in docker/ without an engine
	@$(BIN)/pytest tests/docker

matrix: ## run the test suite on every supported Python that is installed
	@scripts/matrix

clean: ## remove what was built, downloaded or cached here
	rm -rf .venv .fuzz .matrix build dist reports .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
