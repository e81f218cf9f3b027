"""How long a supervised score takes to fit, to score a million customers, and to say what drives them.

python benchmarks/supervised_scores.py            # 1,000,000 customers, 30 traits
python benchmarks/supervised_scores.py 100000
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from smalti.models.supervised import Column, TrainingSet, fit_score

DAY = 86_400_000_000
NUMBERS, CATEGORIES = 24, 6


def invented(rows, seed):
    """30 traits, a fifth of the numbers missing, and an outcome of which seven traits tell."""
    rng = np.random.default_rng(seed)
    columns = []
    for place in range(NUMBERS):
        values = rng.gamma(1.0, 30.0, rows)
        values[rng.random(rows) < 0.2 * (place % 2)] = np.nan
        columns.append(Column(f"number_{place:02}", "number", values, "days"))
    for place in range(CATEGORIES):
        names = np.array([f"level {level}" for level in range(4 + 3 * place)] + [None], dtype=object)
        columns.append(Column(f"category_{place}", "category", names[rng.integers(len(names), size=rows)]))
    strength = sum(np.nan_to_num(np.log1p(columns[place].values), nan=2.0) for place in range(6))
    told = 0.6 * (strength - strength.mean()) + (columns[NUMBERS].values == "level 1") - 1.0
    return tuple(columns), (rng.random(rows) < 1 / (1 + np.exp(-told))).astype(np.float64)


def timed(words, function, *given):
    begin, busy = time.perf_counter(), time.process_time()
    found = function(*given)
    print(f"{words:<58} {time.perf_counter() - begin:8.2f} s {time.process_time() - busy:8.2f} s of processor")
    return found


def main(rows, learnt):
    columns, target = invented(learnt, 1)
    cut_off = np.repeat(np.arange(4), learnt // 4) * 90 * DAY
    customer = np.array([f"c{number % (learnt // 4)}" for number in range(learnt)], dtype=object)
    training = TrainingSet("chance", "a purchase", 90, columns, target, cut_off, customer, {"one": columns[0].values})
    score = timed(f"fit: {learnt:,} rows at 4 cut-offs, 30 traits", lambda: fit_score("bench", training, seed=1))
    print(f"    {len(score.forests[0].trees)} trees; {score.backtest.verdict}")
    columns, _ = invented(rows, 2)
    timed(f"score: {rows:,} customers", score.score, columns)
    timed(f"the strongest 3 of each: {rows:,} customers", score.strongest, columns)
    one = {column.name: column.values[0] for column in columns}
    timed("score_one: 1,000 times", lambda: [score.score_one(one) for _ in range(1000)])
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*given, *(1_000_000, 200_000)[len(given) :])
