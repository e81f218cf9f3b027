"""The plan's optimum beside HiGHS solving the linear program, and how it grows: prints the table of docs/benchmarks.md.

python benchmarks/plan.py                          # all: 10,000 with HiGHS, 100,000 with HiGHS, 1,000,000 alone
python benchmarks/plan.py --sizes 10000            # some sizes
python benchmarks/plan.py --without-highs
python benchmarks/plan.py --blocks 10000000        # in blocks of 250,000 customers, made when they are looked at

Two kinds of limits. "by cell": eight limits, each with a use of its own for every customer and action, the most general there
is. "structured": a budget, five channels' capacities and two numbers, as projects have them. HiGHS gets the cells worth
something, as a sparse matrix, the same limits, and is timed without that, by its interior point method with crossover: its
quickest here (10,000 by cell: 5.1 s of CPU, dual simplex 14.4 s). It is stopped after 900 s. Every problem in a process of its own, for the memory.
"""

# ruff: noqa: PLC0415, E501 - imports in the process that needs them, rows of a table
from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

ACTIONS, LIMITS, BLOCK, PATIENCE = 12, 8, 250_000, 900.0


def invented(customers, kind, seed=0):
    from smalti.strategy.optimum import Limit

    rng = np.random.default_rng(seed)
    worth = rng.lognormal(3, 1, (customers, 1))
    values = worth * rng.uniform(0, 0.3, (customers, ACTIONS)) * np.linspace(0.6, 1.4, ACTIONS) - np.linspace(
        2, 0.2, ACTIONS
    )
    values[rng.random((customers, ACTIONS)) < 0.2] = np.nan
    shares = np.linspace(0.08, 0.5, LIMITS) * customers
    if kind == "by cell":
        scales = np.linspace(0.4, 2, ACTIONS)
        each = [rng.uniform(0, 1, (customers, ACTIONS)) * np.roll(scales, place) for place in range(LIMITS)]
        return values, [Limit(f"limit {one}", each=each[one], most=float(shares[one])) for one in range(LIMITS)]
    channel = np.arange(ACTIONS) % 5
    columns = [np.linspace(0.3, 3, ACTIONS), *((channel == one) * 1.0 for one in range(5))]
    columns += [(np.arange(ACTIONS) < 4) * 1.0, (np.arange(ACTIONS) >= 8) * 1.0]
    most = np.array([0.5, 0.06, 0.12, 0.18, 0.2, 0.3, 0.2, 0.15]) * customers
    return values, [Limit(f"limit {one}", columns=columns[one], most=float(most[one])) for one in range(LIMITS)]


def measured(run):
    wall, processor = time.perf_counter(), time.process_time()
    found = run()
    return found, time.perf_counter() - wall, time.process_time() - processor


def ours(customers, kind):
    from smalti.strategy.optimum import solve

    values, limits = invented(customers, kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, wall, processor = measured(lambda: solve(values, limits))
    for limit in limits:
        assert found.used[limit.name] <= limit.most * (1 + 1e-9)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {"value": found.value, "bound": found.bound, "gap": found.gap, "rounds": found.rounds}
    return {**told, "wall": wall, "cpu": processor, "peak": peak / 1e6, "before": before / 1e6}


def highs(customers, kind, method):
    from scipy import sparse
    from scipy.optimize import linprog

    values, limits = invented(customers, kind)
    rows, actions = np.nonzero(values > 0)
    count = len(rows)
    once = sparse.csr_array((np.ones(count), (rows, np.arange(count))), shape=(customers, count))
    use = [limit.each[rows, actions] if limit.each is not None else limit.columns[actions] for limit in limits]
    matrix = sparse.vstack([once, sparse.csr_array(np.array(use))], format="csc")
    room = np.concatenate([np.ones(customers), [limit.most for limit in limits]])
    found, wall, processor = measured(
        lambda: linprog(
            -values[rows, actions],
            A_ub=matrix,
            b_ub=room,
            bounds=(0, None),
            method=method,
            options={"time_limit": PATIENCE},
        )
    )
    return {"bound": -found.fun if found.status == 0 else None, "wall": wall, "cpu": processor}


def blocks(customers):
    from smalti.strategy.optimum import solve_blocks

    parts = [lambda seed=seed: (invented(BLOCK, "structured", seed)[0], {}) for seed in range(customers // BLOCK)]
    limits = invented(1000, "structured")[1]
    from dataclasses import replace

    limits = [replace(limit, most=limit.most * customers / 1000) for limit in limits]
    found, wall, processor = measured(lambda: solve_blocks(parts, limits))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "bound": found.bound,
        "gap": found.gap,
        "rounds": found.rounds,
        "wall": wall,
        "cpu": processor,
        "peak": peak / 1e6,
    }


def apart(*asked):
    made = subprocess.run(
        [sys.executable, __file__, "--one", *map(str, asked)], check=True, capture_output=True, text=True
    )
    return json.loads(made.stdout.splitlines()[-1])


def one(asked):
    if asked[0] == "ours":
        return ours(int(asked[1]), asked[2])
    if asked[0] == "blocks":
        return blocks(int(asked[1]))
    return highs(int(asked[1]), asked[2], asked[0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--without-highs", action="store_true")
    parser.add_argument("--method", default="highs-ipm")
    parser.add_argument("--blocks", type=int)
    parser.add_argument("--one", nargs="+")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one)))
        return
    print(
        "| customers x 12 x 8 | limits | wall | CPU | peak | below the bound | HiGHS, wall | CPU | CPU, times ours | bounds differ by |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    sizes = [] if asked.blocks else [int(size) for size in asked.sizes.split(",")]
    for size in sizes:
        for kind in ("by cell", "structured"):
            mine = apart("ours", size, kind)
            told = f"| {size:,} | {kind} | {mine['wall']:.2f} s | {mine['cpu']:.2f} s | {mine['peak']:.2f} GB | {mine['gap']:.5%} |"
            if asked.without_highs or size > 100_000:
                print(told, "| | | |", flush=True)
                continue
            theirs = apart(asked.method, size, kind)
            ratio = theirs["cpu"] / mine["cpu"]
            if theirs["bound"] is None:
                print(told, f"> {PATIENCE:.0f} s | > {theirs['cpu']:.0f} s | > {ratio:.0f} | |", flush=True)
                continue
            off = mine["bound"] / theirs["bound"] - 1
            print(told, f"{theirs['wall']:.1f} s | {theirs['cpu']:.1f} s | {ratio:.0f} | {off:.0e} |", flush=True)
    if asked.blocks:
        mine = apart("blocks", asked.blocks)
        told = f"| {asked.blocks:,} | structured, in blocks | {mine['wall']:.1f} s | {mine['cpu']:.1f} s | {mine['peak']:.2f} GB"
        print(told, f"| {mine['gap']:.6%} | | | | |")


if __name__ == "__main__":
    main()
