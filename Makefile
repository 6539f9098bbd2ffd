# The project's commands. The work is in scripts/, which say what each step does and why.
.DEFAULT_GOAL := help
.PHONY: help run test train skill web screenshots story-graphs setup lint types unit conversations bench-setup lock clean

VENV := .venv/bin/python
SETUP = "$$(sh scripts/python.sh)" -m scripts.environment

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set up what is missing, train if need be, start the assistant (PORT=5005 ACTION_PORT=5055 HOST=127.0.0.1)
	@$(SETUP) --steps 6
	@$(VENV) -m scripts.run 3 6

test: ## set up what is missing, then lint, types, pytest, Vitest, rasa data validate, rasa test, conversation tests
	@$(SETUP) --steps 11
	@$(VENV) -m scripts.check 3 11

train: ## train the assistant if its data, configuration or training code changed
	@$(SETUP) --steps 3
	@$(VENV) -m scripts.model 3 3

skill: setup ## write the skeleton of a skill (NAME=newsletter WISH="subscribe to the newsletter")
	@$(VENV) -m scripts.skill $(NAME) $(if $(WISH),--wish "$(WISH)")

web: setup ## build the web chat's script if its sources changed
	@$(VENV) -m scripts.web

screenshots: setup ## take the pictures of docs/images anew (needs Chromium)
	@$(VENV) -m scripts.screenshots

story-graphs: setup ## draw the stories of docs/images/stories anew (needs Graphviz)
	@$(VENV) -m scripts.story_graphs

setup: ## make .venv and install the locked packages
	@$(SETUP)

lint: setup ## ruff and Biome alone, putting right what they can
	@$(VENV) -m ruff check --fix .
	@$(VENV) -m ruff format .
	@.venv/bin/lint-imports --no-cache
	@$(VENV) -m scripts.web fix

types: setup ## mypy and tsc alone
	@$(VENV) -m mypy
	@$(VENV) -m scripts.web types

unit: setup ## Vitest and pytest alone
	@$(VENV) -m scripts.web test
	@$(VENV) -m pytest -n auto --dist loadfile

conversations: setup ## conversation tests alone, on an assistant that is started for them
	@$(VENV) -m parlance.cli test conversations tests/conversations

bench-setup: ## add what the benchmark's peers need (benchmarks/README.md)
	@$(SETUP) --lock requirements-bench.txt

lock: ## compile requirements*.txt from pyproject.toml (UPGRADE=1 takes the newest versions)
	@"$$(sh scripts/python.sh)" -m scripts.lock $(if $(UPGRADE),--upgrade)

clean: ## remove what can be made again, except .venv and models
	@rm -rf results logs .rasa .pytest_cache .mypy_cache .ruff_cache *.egg-info build dist models/.training
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
