SCENARIO ?= default
SUITE ?= bookworm
CORE ?= 2.19

.PHONY: help demo demo-down test test-fast unit lint sanity importer build molecule faults zero-downtime bench scale changelog release-check installed docs docs-links transcript tools-test publish clean
.DEFAULT_GOAL := help

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Deploy to three hosts and a database in Docker: a release, an update, and two updates that fail; MODE=blue_green counts lost requests
	tools/setup demo
	tools/engine start
	tools/demo $(MODE)

demo-down: ## Take the demo's hosts away
	tools/fleet down demo
	tools/engine stop

test: ## Run all tests and gates (under an hour)
	@tools/setup test docs installed
	@tools/test

test-fast: ## Run the tests and gates that need no hosts (under 2 minutes)
	@tools/setup test
	@tools/test fast

unit: ## Run the unit tests, on every target Python that is found
	@tools/setup test
	@tools/unit

lint: ## Run ansible-lint, antsibull-docs, antsibull-changelog and shellcheck
	@tools/setup test
	@tools/lint

sanity: ## Run ansible-test sanity; CORE=2.21 chooses the ansible-core
	@tools/setup test
	@tools/sanity $(CORE)

importer: ## Have galaxy-importer judge the built collection
	@tools/setup test
	@tools/importer

tools-test: ## Test what makes a release, and that the pages show what there is
	@tools/setup test
	@tools/tools-test

docs: ## Build the documentation as a site, in .cache/docs/html, without a warning and without a link that leads nowhere
	@tools/setup docs
	@tools/docs

docs-links: ## Ask for each address on the web that the documentation names
	@tools/setup docs
	@tools/docs links

build: ## Build the collection's tarball, in .cache/dist
	@tools/setup demo
	@tools/build

changelog: ## Write CHANGELOG.md for the version in galaxy.yml, from the fragments, which it removes
	@tools/setup test
	@PATH=$(CURDIR)/.venv/bin:$$PATH antsibull-changelog release

release-check: ## See whether this commit can be released: tree, tag, changelog, galaxy-importer, and a tarball that is twice the same
	@tools/setup test
	@tools/release-check

publish: ## Upload the tarball of a tagged commit to Galaxy, with the token in GALAXY_TOKEN
	@tools/setup test
	@tools/publish

molecule: ## Run a Molecule scenario: SCENARIO=default SUITE=bookworm CORE=2.19; KEEP=1 keeps the hosts
	@tools/setup test
	@tools/molecule $(SCENARIO) $(SUITE) $(CORE)

installed: ## Install the built tarball beside ansible-core 2.19, 2.20 and 2.21, and do what the README and the guides say, on three hosts
	@tools/setup test installed
	@tools/installed

faults: ## Inject every fault that we know, also under the bash script, and write docs/faults.md
	@tools/setup test
	@tools/faults

zero-downtime: ## Load hosts while they are updated in three ways, and write docs/zero-downtime.md (half an hour); QUICK=1 does a little of it
	@tools/setup bench
	@tools/zero-downtime $(if $(QUICK),--quick)

bench: ## Measure deploys against the bash script and the floor, and write benchmarks (an hour); QUICK=1 measures a little (3 minutes)
	@tools/setup bench
	@tools/bench $(if $(QUICK),--quick)

scale: ## Deploy to 20 and 40 hosts, and write the figures of docs/scale.md (half an hour)
	@tools/setup bench
	@tools/scale

transcript: ## Go with the example from its source to three hosts, and write down what is typed and answered: docs/transcript.md
	@tools/setup demo
	@tools/transcript

clean: ## Take all hosts down and remove all that was made here
	@tools/clean
