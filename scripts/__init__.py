"""What ``make`` runs: each module a step, started as ``python -m scripts.NAME`` from the project's folder."""
