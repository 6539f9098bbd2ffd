"""Recommendations on held-out purchases of the seeded shop: hit rate and NDCG at 5, beside plain recommenders.

    python benchmarks/recommend.py --seeds 7,8,9
    python benchmarks/recommend.py --tune 300

Each customer's last order is held out and guessed from the orders before it. Weights are tuned on the last but one.
"""

import argparse
import datetime
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

import results
from machine import machine, versions
from parlance.errors import ParlanceError
from shop.database import engine_for
from shop.errors import ShopUnavailable
from shop.models import Order, OrderLine, OrderStatus, Product
from shop.product_embeddings import TextEncoder, encoder_folder
from shop.product_summary import read_products
from shop.ranking import Asker, Knowledge, Weights
from shop.recommendations import purchase_matrix, shelf_of, text_of
from shop.setup import set_up

HERE = Path(__file__).resolve().parent
DAY = datetime.date(2026, 1, 15)
"""The day that the generated orders lead up to, so that a seed always makes the same shop."""
TOP = 5
TITLES = {
    "random": "Random",
    "popularity": "Popularity",
    "item_to_item": "Item to item (cosine of buyers)",
    "fern_without_embeddings": "Fern without embeddings",
    "fern_finetuned": "Fern with the encoder fine-tuned on intents",
    "fern": "Fern",
}
Scores = Callable[[Sequence[int]], np.ndarray]
"""From the positions of a customer's products to a score for every product, shape (products,)."""


@dataclass(frozen=True)
class Split:
    """Purchases to learn from, and for each customer what they had and what they bought next, as positions."""

    knowledge: Knowledge
    histories: tuple[tuple[int, ...], ...]
    held_out: tuple[frozenset[int], ...]
    texts: tuple[str, ...]


def splits_of(seed: int, encoder: TextEncoder | None) -> tuple[Split, Split]:
    """The validation and the test split of the shop that a seed makes."""
    with tempfile.TemporaryDirectory() as folder:
        url = make_url(f"sqlite:///{folder}/shop.db")
        set_up(url, seed=seed, day=DAY)
        with Session(engine_for(url), future=True) as session:
            products = read_products(session)
            orders = _orders_by_customer(session)
        engine_for(url).dispose()
    shelves = tuple(shelf_of(product) for product in products)
    texts = tuple(text_of(product) for product in products)
    embeddings = encoder.embed_and_keep(texts) if encoder else None
    skus = [product.sku for product in products]
    position = {sku: n for n, sku in enumerate(skus)}

    def split(held_back: int) -> Split:
        known = {customer: baskets[: len(baskets) - held_back] for customer, baskets in orders.items()}
        pairs = [(customer, sku) for customer, baskets in known.items() for basket in baskets for sku in basket]
        knowledge = Knowledge(shelves, purchase_matrix(pairs, skus), embeddings)
        histories, held_out = [], []
        for customer, baskets in orders.items():
            had = {position[sku] for basket in known[customer] for sku in basket}
            new = {position[sku] for sku in baskets[len(known[customer])]} - had if had else set()
            if new:
                histories.append(tuple(sorted(had)))
                held_out.append(frozenset(new))
        return Split(knowledge, tuple(histories), tuple(held_out), texts)

    return split(2), split(1)


def _orders_by_customer(session: Session) -> dict[int, list[set[str]]]:
    """The SKUs of each order of each customer, oldest order first."""
    rows = session.execute(
        select(Order.customer_id, Order.id, Product.sku)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, OrderLine.product_id == Product.id)
        .where(Order.status != OrderStatus.CANCELLED.value)
        .order_by(Order.placed_at, Order.id)
    )
    baskets: dict[int, dict[int, set[str]]] = {}
    for customer, order, sku in rows:
        baskets.setdefault(customer, {}).setdefault(order, set()).add(sku)
    return {customer: list(orders.values()) for customer, orders in baskets.items()}


def recommenders(knowledge: Knowledge, seed: int, weights: Weights) -> dict[str, Scores]:
    """Every system by its name in the results."""
    random = np.random.default_rng(seed)
    common = knowledge.bought.T @ knowledge.bought
    counts = np.diag(common)
    cosine = common / np.sqrt(np.outer(counts, counts)).clip(1.0)
    found: dict[str, Scores] = {
        "random": lambda history: random.random(len(knowledge.shelves)),
        "popularity": lambda history: knowledge.popularity,
        "item_to_item": lambda history: np.asarray(cosine[list(history)].sum(axis=0)),
        "fern_without_embeddings": fern(knowledge, replace(weights, likeness=0.0)),
    }
    if knowledge.embeddings is not None:
        found["fern"] = fern(knowledge, weights)
    return found


def fern(knowledge: Knowledge, weights: Weights) -> Scores:
    """What ``shop.recommendations`` ranks by, for a customer who asks for nothing in particular."""
    return lambda history: knowledge.signals(Asker(owned=tuple(history))).total(weights)


def figures(split: Split, scores: Scores) -> dict[str, float]:
    """The share of customers for whom one of five recommendations was in the next order, and NDCG at 5 with binary
    relevance (Järvelin and Kekäläinen, 2002). What a customer has already is never recommended."""
    hits, gains = [], []
    discounts = 1.0 / np.log2(np.arange(2, TOP + 2))
    for history, wanted in zip(split.histories, split.held_out, strict=True):
        ranked = np.array(scores(history), dtype=float)
        ranked[list(history)] = -np.inf
        found = np.array([n in wanted for n in np.argsort(-ranked, kind="stable")[:TOP]])
        hits.append(found.any())
        gains.append((found * discounts[: len(found)]).sum() / discounts[: len(wanted)].sum())
    return {"hit_rate": float(np.mean(hits)), "ndcg": float(np.mean(gains))}


def tune(splits: Sequence[Split], rounds: int) -> tuple[Weights, float]:
    """The best of randomly drawn weights by mean NDCG. Co-purchases count 1; what a message asks for is not tuned."""
    random = np.random.default_rng(0)
    signals = [[vars(s.knowledge.signals(Asker(owned=h))) for h in s.histories] for s in splits]
    best = (Weights(), 0.0)
    for _ in range(rounds):
        drawn = {"popularity": random.uniform(0, 1.2), "taste": random.uniform(0, 1.5)}
        drawn["likeness"] = random.choice([0.0, random.uniform(0, 0.5)])
        weights = replace(Weights(), together=1.0, **{name: round(float(value), 2) for name, value in drawn.items()})
        ndcg = statistics.mean(_ndcg(split, of_split, weights) for split, of_split in zip(splits, signals, strict=True))
        if ndcg > best[1]:
            best = (weights, ndcg)
            print(f"  validation NDCG {ndcg:.4f}: {weights}", flush=True)
    return best


def _ndcg(split: Split, signals: Sequence[dict[str, np.ndarray]], weights: Weights) -> float:
    by_history = dict(zip(split.histories, signals, strict=True))

    def scores(history: Sequence[int]) -> np.ndarray:
        return np.asarray(sum(getattr(weights, name) * values for name, values in by_history[tuple(history)].items()))

    return figures(split, scores)["ndcg"]


def markdown(runs: Sequence[dict[str, Any]]) -> str:
    """The page of the results."""
    systems = [name for name in TITLES if any(run["system"] == name for run in runs)]
    seeds = list(dict.fromkeys(run["seed"] for run in runs))
    customers = [next(run["customers"] for run in runs if run["seed"] == seed) for seed in seeds]
    lines = [
        "# Recommendations",
        "",
        f"The last order of each customer with two orders or more, guessed from the orders before it: "
        f"{sum(customers):,} customers of {len(seeds)} generated shops (seeds {', '.join(map(str, seeds))}). "
        "The weights were tuned on the orders before those.",
        "",
        f"| | Hit rate at {TOP} | NDCG at {TOP} |",
        "|---|---:|---:|",
    ]
    for system in systems:
        of_system = [run["figures"] for run in runs if run["system"] == system]
        cells = [_cell([each["hit_rate"] for each in of_system], 100, " %")]
        cells.append(_cell([each["ndcg"] for each in of_system], 1, ""))
        lines.append(f"| {TITLES[system]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *results.provenance(runs)]) + "\n"


def _cell(values: Sequence[float], factor: float, unit: str) -> str:
    digits = 1 if factor == 100 else 3
    mean = f"{statistics.mean(values) * factor:.{digits}f}{unit}"
    return f"{mean} ± {statistics.stdev(values) * factor:.{digits}f}" if len(values) > 1 else mean


def main(arguments: list[str]) -> int:
    """Measures, or tunes; results are written to ``--out``."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--seeds", default="7,8,9", help="which shops, with commas")
    parser.add_argument("--tune", type=int, metavar="ROUNDS", help="search for weights on the validation split instead")
    parser.add_argument(
        "--encoder", type=Path, default=encoder_folder(), help="the folder of the encoder to embed with"
    )
    parser.add_argument("--finetuned", type=Path, help="a folder of `parlance finetune` to embed with for comparison")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    options = parser.parse_args(arguments)
    if options.encoder is None:
        print("No encoder is at hand, so nothing is measured with embeddings. `make train` writes models/encoder.")
    seeds = [int(seed) for seed in options.seeds.split(",")]
    try:
        encoder = TextEncoder.load(options.encoder) if options.encoder else None
        splits = {seed: splits_of(seed, encoder) for seed in seeds}
    except (ParlanceError, ShopUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    if options.tune:
        weights, ndcg = tune([validation for validation, _ in splits.values()], options.tune)
        print(f"Best on the validation split, NDCG {ndcg:.4f}: {weights}")
        return 0
    runs = []
    for seed, (_, test) in splits.items():
        systems = recommenders(test.knowledge, seed, Weights())
        if options.finetuned:
            embeddings = TextEncoder.load(options.finetuned).embed(test.texts)
            systems["fern_finetuned"] = fern(replace(test.knowledge, embeddings=embeddings), Weights())
        for system, scores in systems.items():
            run = {"system": system, "seed": seed, "customers": len(test.histories), "figures": figures(test, scores)}
            print(f"{seed} {system}: {run['figures']}", flush=True)
            about = {"machine": machine(), "versions": versions(), "date": datetime.date.today().isoformat()}
            command = f"python benchmarks/recommend.py --seeds {options.seeds}"
            command += f" --finetuned {options.finetuned.name}" if options.finetuned else ""
            runs.append({**run, **about, "settings": asdict(Weights()), "command": command})
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "recommend.json").write_text(json.dumps({"runs": runs}, indent=1) + "\n", encoding="utf-8")
    (options.out / "recommend.md").write_text(markdown(runs), encoding="utf-8")
    print(f"results are in {options.out / 'recommend.md'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
