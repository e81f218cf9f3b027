"""Effects per customer beside other libraries: who ranks customers better, out of fold, and in how much time.

SMALTI_DATA=... python benchmarks/effects.py                            # ours alone, on three trials and an invented one
SMALTI_DATA=... python benchmarks/effects.py --other other/bin/python   # beside what that interpreter has installed
python benchmarks/effects.py --size 1000000                             # how long 1,000,000 customers x 5 arms take
python benchmarks/effects.py --tables [--other ...]                     # what others report on tables of a few rows

Everybody is given the same rows, folds and traits; every score is judged by `judge_ranking`, on the same held-out numbers.
Processor seconds are those of fitting and telling.
"""

# ruff: noqa: PLC0415 - each of two interpreters has only some of these libraries
from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

FOLDS = 5


def hillstrom(folder, arm, outcome):
    import pandas as pd

    table = pd.read_csv(folder / "trials" / "hillstrom.csv.gz")
    table = table[table["segment"].isin([arm, "No E-Mail"])].reset_index(drop=True)
    numbers = {name: table[name].to_numpy(float) for name in ("recency", "history", "mens", "womens", "newbie")}
    names = {name: table[name].to_numpy(object) for name in ("zip_code", "channel")}
    return (
        numbers,
        names,
        (table["segment"] == arm).to_numpy(int),
        np.full(len(table), 0.5),
        table[outcome].to_numpy(float),
    )


def karlan_list(folder, outcome):
    import pandas as pd

    table = pd.read_parquet(folder / "trials" / "karlan_list_donations.parquet")
    wanted = ["hpa", "ltmedmra", "freq", "years", "mrm2", "dormant", "female", "couple", "red0", "redcty", "perbush"]
    wanted += ["pwhite", "median_hhincome", "pop_propurban", "cases", "nonlit", "page18_39", "ave_hh_sz", "powner"]
    numbers = {name: table[name].replace(-999, np.nan).to_numpy(float) for name in wanted}
    arm = table["treatment"].to_numpy(int)
    return numbers, {}, arm, np.where(arm == 1, 2 / 3, 1 / 3), table[outcome].to_numpy(float)


def invented(rows=50_000, seed=7):
    """Eight traits; the effect on the chance depends on three of them, a step, a slope and a category."""
    rng = np.random.default_rng(seed)
    numbers = {f"x{place}": rng.normal(size=rows) for place in range(7)}
    plan = np.array(["a", "b", "c", "d"], dtype=object)[rng.integers(0, 4, rows)]
    effect = 0.03 + 0.04 * (numbers["x1"] > 0) + 0.02 * np.tanh(numbers["x2"]) - 0.04 * (plan == "b")
    arm = rng.integers(0, 2, rows)
    chance = 0.15 + 0.08 * (numbers["x3"] > 0) + arm * effect
    return numbers, {"plan": plan}, arm, np.full(rows, 0.5), (rng.random(rows) < chance) * 1.0, effect


def trials(folder):
    found = {"invented": invented}
    if folder is not None:
        for short, arm in (("men's", "Mens E-Mail"), ("women's", "Womens E-Mail")):
            for outcome in ("visit", "spend"):
                found[f"Hillstrom {short} {outcome}"] = lambda arm=arm, outcome=outcome: hillstrom(folder, arm, outcome)
        for outcome in ("out_gavedum", "out_amountgive"):
            found[f"Karlan-List {outcome[4:]}"] = lambda outcome=outcome: karlan_list(folder, outcome)
    return found


def ours(trial, folds, learner):
    from smalti.models.effects import EffectData, out_of_fold
    from smalti.models.supervised import Column

    numbers, names, arm, probability, outcome = trial[:5]
    columns = [Column(name, "number", values) for name, values in numbers.items()]
    columns += [Column(name, "category", values) for name, values in names.items()]
    data = EffectData(tuple(columns), ("control", "treated"), arm, probability, outcome)
    begin = time.process_time()
    told = out_of_fold(data, folds, learner, seed=1)
    return told.effects[:, 1], told.predicted, time.process_time() - begin


def theirs(python, trial, folds, learners):
    """Let another interpreter fit its libraries to the same arrays; categories as one column of 0 and 1 each."""
    numbers, names, arm, probability, outcome = trial[:5]
    marks = [(values == one) * 1.0 for values in names.values() for one in sorted(set(values.tolist()))]
    traits = np.column_stack([*numbers.values(), *marks])
    traits = np.where(np.isnan(traits), -999.0, traits)
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        np.savez(given, traits=traits, arm=arm, probability=probability, outcome=outcome, folds=folds)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment["OMP_NUM_THREADS"] = "1"  # many threads on a busy machine would count their waiting as work
        asked = [python, __file__, "--serve", str(given), str(made), ",".join(learners)]
        subprocess.run(asked, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with np.load(made) as found:
            return {name: (found[name], float(found[f"{name} seconds"])) for name in found["names"].tolist()}


def serve(given, made, learners):
    """Run in the other interpreter, which has no smalti."""
    import warnings

    warnings.simplefilter("ignore")
    with np.load(given) as arrays:
        traits, arm, probability, outcome, folds = (
            arrays[name] for name in ("traits", "arm", "probability", "outcome", "folds")
        )
    binary = set(np.unique(outcome)) <= {0.0, 1.0}
    told = {}
    for name in learners:
        fit = fitter(name, binary)
        if fit is None:
            continue
        score, begin = np.empty(len(arm)), time.process_time()
        for fold in np.unique(folds):
            out = folds == fold
            score[out] = fit(traits[~out], arm[~out], probability[~out], outcome[~out], traits[out])
        told[name], told[f"{name} seconds"] = score, time.process_time() - begin
    np.savez(made, names=np.array([name for name in told if not name.endswith(" seconds")]), **told)


def there(name):
    return importlib.util.find_spec(name) is not None


def fitter(name, binary):
    """Return what fits and tells effects of others, by the libraries' defaults over one kind of boosted trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier as Chances
    from sklearn.ensemble import HistGradientBoostingRegressor as Means

    shallow = {"max_leaf_nodes": 8, "max_iter": 60, "random_state": 0}
    library, kind = name.split(" ", 1)
    if library == "scikit-uplift" and there("sklift"):
        if not binary:
            return None
        from sklift.models import SoloModel, TwoModels

        def sklift(traits, arm, probability, outcome, asked):
            one = Chances(**shallow)
            model = SoloModel(one) if kind == "solo" else TwoModels(one, Chances(**shallow))
            return model.fit(traits, outcome, arm).predict(asked)

        return sklift
    if library == "causalml" and there("causalml"):
        from causalml.inference.meta import BaseDRRegressor, BaseXRegressor

        def causalml(traits, arm, probability, outcome, asked):
            model = (BaseXRegressor if kind == "x" else BaseDRRegressor)(Means(**shallow), control_name=0)
            chance = np.where(arm == 1, probability, 1 - probability)
            asked_chance = np.full(len(asked), chance.mean())
            fitted = model.fit(traits, arm, outcome, p=chance)
            return np.ravel((fitted or model).predict(asked, p=asked_chance))

        return causalml
    if library == "econml" and there("econml"):
        return econml(kind)
    return None


def econml(kind):
    from econml.dml import CausalForestDML
    from econml.dr import DRLearner
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import HistGradientBoostingRegressor as Means

    shallow = {"max_leaf_nodes": 8, "max_iter": 60, "random_state": 0}

    def fit(traits, arm, probability, outcome, asked):
        if kind == "forest":
            model = CausalForestDML(
                model_y=Means(**shallow), model_t=DummyClassifier(), discrete_treatment=True, random_state=0, n_jobs=1
            )
        else:
            model = DRLearner(
                model_propensity=DummyClassifier(),
                model_regression=Means(**shallow),
                model_final=Means(**shallow),
                random_state=0,
            )
        return np.ravel(model.fit(outcome, arm, X=traits).effect(asked))

    return fit


OTHERS = ("scikit-uplift solo", "scikit-uplift two", "causalml x", "causalml dr", "econml dr", "econml forest")


def compare(folder, python, wanted, learners, others):
    from smalti.experiments import Logged, judge_ranking, qini_difference
    from smalti.experiments.ranking import within_folds

    print(
        f"{'trial':<24}{'learner':<20}{'Qini':>10}{'error':>10}{'coef.':>9}{'ours less':>11}{'error':>10}{'cpu s':>8}"
    )
    for name, made in trials(folder).items():
        if wanted not in name:
            continue
        trial = made()
        arm, probability, outcome = trial[2:5]
        folds = np.random.default_rng(1).integers(0, FOLDS, len(arm))
        log = Logged(("control", "treated"), arm, probability, outcome)
        rows, predicted = {}, None
        for learner in learners:
            score, told, seconds = ours(trial, folds, learner)
            rows[f"smalti {learner}"], predicted = (score, seconds), told if predicted is None else predicted
        rows |= theirs(python, trial, folds, others) if python else {}
        best = None
        for learner, (score, seconds) in rows.items():
            quality = judge_ranking(log, within_folds(score, folds), "treated", "control", predicted=predicted)
            best = best or quality
            apart = qini_difference(best, quality)
            true = f"  r {np.corrcoef(score, trial[5])[0, 1]:.2f}" if len(trial) > 5 else ""
            print(
                f"{name:<24}{learner:<20}{quality.qini.value:>10.5f}{quality.qini.error:>10.5f}"
                f"{quality.coefficient.value:>9.4f}{apart.value:>11.5f}{apart.error:>10.5f}{seconds:>8.1f}{true}",
                flush=True,
            )


def size(rows, arms=5):
    """Time `out_of_fold` on customers of whom each arm does something else to some."""
    from smalti.models.effects import EffectData, out_of_fold
    from smalti.models.supervised import Column

    rng = np.random.default_rng(0)
    numbers, plan = rng.normal(size=(rows, 7)), np.array(list("abcd"), dtype=object)[rng.integers(0, 4, rows)]
    columns = [Column(f"x{place}", "number", numbers[:, place]) for place in range(7)]
    arm, effect = rng.integers(0, arms, rows), np.zeros((rows, arms))
    for place in range(1, arms):
        effect[:, place] = 0.03 + 0.04 * (numbers[:, place] > 0) - 0.02 + 0.02 * (plan == "abcd"[place % 4])
    chance = 0.1 + 0.05 * (numbers[:, 1] > 0) + effect[np.arange(rows), arm]
    names = tuple(f"arm {place}" for place in range(arms))
    given = (names, arm, np.full(rows, 1 / arms), (rng.random(rows) < chance) * 1.0)
    data = EffectData((*columns, Column("plan", "category", plan)), *given)
    folds, begin, busy = rng.integers(0, FOLDS, rows), time.perf_counter(), time.process_time()
    told = out_of_fold(data, folds, seed=1)
    print(f"{rows:,} customers x {arms} arms x 8 traits, {FOLDS} folds: ", end="")
    print(f"{time.perf_counter() - begin:.1f} s, {time.process_time() - busy:.1f} s of processor")
    for place in range(1, arms):
        found = told.effects[:, place]
        print(f"    arm {place}: r {np.corrcoef(found, effect[:, place])[0, 1]:.3f}, spread {found.std():.4f}", end="")
        print(f" of {effect[:, place].std():.4f}")


TABLES = {
    "good order": ([4, 3, 2, 1, 0, -1, -2, -3], [1, 0, 1, 0, 1, 0, 1, 0], [1, 0, 1, 0, 0, 0, 0, 1]),
    "all scores the same": ([0] * 8, [1, 0, 1, 0, 1, 0, 1, 0], [1, 0, 1, 0, 0, 0, 0, 1]),
    "the same, the last row first": ([0] * 8, [0, 1, 0, 1, 0, 1, 0, 1], [1, 0, 0, 0, 0, 1, 0, 1]),
    "no effect on average": ([4, 3, 2, 1, 0, -1, -2, -3], [1, 0, 1, 0, 1, 0, 1, 0], [1, 0, 1, 0, 0, 1, 0, 1]),
    "money": ([4, 3, 2, 1, 0, -1, -2, -3], [1, 0, 1, 0, 1, 0, 1, 0], [90, 0, 10, 0, 0, 20, 0, 10]),
}


def tables(python):
    from smalti.experiments import Logged, judge_ranking

    others = {}
    if python:
        asked = [python, __file__, "--serve-tables"]
        others = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout.splitlines()[-1])
    print(f"{'table':<30}{'Qini':>10}{'coefficient':>13}   others")
    for name, (score, arm, outcome) in TABLES.items():
        log = Logged(("control", "treated"), np.array(arm), np.full(len(arm), 0.5), np.array(outcome, dtype=float))
        told = judge_ranking(log, np.array(score, dtype=float), "treated", "control")
        print(f"{name:<30}{told.qini.value:>10.4f}{told.coefficient.value:>13.4f}   {others.get(name, '')}")


def serve_tables():
    """Run in the other interpreter: the Qini numbers of its libraries on the small tables."""
    import warnings

    warnings.simplefilter("ignore")
    told = {}
    for name, (score, arm, outcome) in TABLES.items():
        told[name] = {}
        for library, reckon in (("scikit-uplift", sklift_qini), ("causalml", causalml_qini)):
            try:
                told[name][library] = round(float(reckon(np.array(score), np.array(arm), np.array(outcome))), 4)
            except (ImportError, ValueError, ZeroDivisionError, IndexError) as error:
                told[name][library] = f"{type(error).__name__}: {error}"[:60]
    print(json.dumps(told))


def sklift_qini(score, arm, outcome):
    from sklift.metrics import qini_auc_score

    return qini_auc_score(outcome, score, arm)


def causalml_qini(score, arm, outcome):
    import pandas as pd
    from causalml.metrics import qini_score

    table = pd.DataFrame({"score": score.astype(float), "y": outcome, "w": arm})
    return qini_score(table, outcome_col="y", treatment_col="w")["score"]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--other", help="an interpreter that has other libraries installed")
    options.add_argument("--trial", default="", help="only trials whose name has this in it")
    options.add_argument("--learners", default="dr", help="ours, separated by commas: dr, t, x, r")
    options.add_argument("--others", default=",".join(OTHERS), help="theirs, separated by commas")
    options.add_argument("--size", type=int, help="customers to time")
    options.add_argument("--tables", action="store_true", help="small tables")
    options.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options.add_argument("--serve-tables", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    folder = os.environ.get("SMALTI_DATA")
    if asked.serve:
        serve(asked.serve[0], asked.serve[1], asked.serve[2].split(","))
    elif asked.serve_tables:
        serve_tables()
    elif asked.tables:
        tables(asked.other)
    elif asked.size:
        size(asked.size)
    else:
        given = (asked.trial, asked.learners.split(","), asked.others.split(","))
        compare(Path(folder) if folder else None, asked.other, *given)


if __name__ == "__main__":
    sys.exit(main())
