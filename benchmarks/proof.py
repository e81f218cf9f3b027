"""How long the three-policy proof takes: effects per customer out of fold, then the proof at twelve budgets.

python benchmarks/proof.py                  # 1,000,000 customers, 5 arms
python benchmarks/proof.py 100000 3
python benchmarks/proof.py 1000000 5 told   # the proof alone, on the truth with noise in place of fitted effects
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from smalti.experiments import SHARES, Evidence, Grouping, Logged, prove
from smalti.models.effects import EffectData, out_of_fold
from smalti.models.supervised import Column
from smalti.samples import trial

FOLDS = 5


def timed(words, function, *given):
    begin, busy = time.perf_counter(), time.process_time()
    found = function(*given)
    print(f"{words:<58} {time.perf_counter() - begin:8.2f} s {time.process_time() - busy:8.2f} s of processor")
    return found


def grouping(values):
    labels, code = np.unique(values, return_inverse=True)
    return Grouping(code.astype(np.int64), tuple(map(str, labels)))


def parts_of(made):
    """The log, the traits and three segmentations of an invented trial."""
    table = {name: made.table[name].to_numpy(zero_copy_only=False) for name in made.table.column_names}
    names = made.arms
    arm = np.select([table["arm"] == name for name in names], range(len(names)))
    log = Logged(names, arm.astype(np.int64), table["probability"], table["outcome"])
    words = ("region", "new")
    columns = tuple(Column(name, "category" if name in words else "number", table[name]) for name in made.attributes)
    ages = np.digitize(table["age"], (30, 45, 60))
    region = grouping(table["region"])
    crossed = Grouping(region.code * 4 + ages, tuple(f"{word} {age}" for word in region.labels for age in range(4)))
    return log, columns, {"region": region, "age": grouping(ages), "region by age": crossed}


def told(made, log):
    truth = np.column_stack([made.truth[name].to_numpy() for name in log.arms])
    return truth + np.random.default_rng(1).standard_normal(truth.shape)


def main(rows, arms, alone):
    made = timed(f"invent: {rows:,} customers, {arms} arms", trial, rows, arms, "individual")
    log, columns, segmentations = parts_of(made)
    folds = np.random.default_rng(1).permutation(rows) % FOLDS
    if alone:
        predicted = expected = told(made, log)
    else:
        data = EffectData(columns, log.arms, log.arm, log.probability, log.outcome)
        fitted = timed(f"effects per customer out of {FOLDS} folds", out_of_fold, data, folds)
        predicted, expected = fitted.predicted, fitted.expected
    costs = np.where(np.arange(arms) == 0, 0.0, 1.0)
    given = Evidence(log, predicted, expected, folds, segmentations, costs, "none")
    proof = timed(f"prove: {1 + len(SHARES)} budgets, {len(segmentations)} segmentations", prove, given, SHARES)
    lead = proof.points[0].lead("individual", "segment")
    print(
        f"    recommended: {proof.recommended}; individual over segment {lead.value:.3f} ({lead.low:.3f} to {lead.high:.3f})"
    )
    print(f"    the segment misses {proof.misses.share:.1%} ({proof.misses.low:.1%} to {proof.misses.high:.1%})")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:3]]
    main(*given, *(1_000_000, 5)[len(given) :], "told" in sys.argv)
