"""Fitting and scoring a buying model: a million invented customers beside `lifetimes`, CDNOW, and a thousand odd bases.

python benchmarks/buying_models.py speed [--customers 1000000] [--rounds 5] [--beside PYTHON]
python benchmarks/buying_models.py cdnow CDNOW_master.txt [--rounds 5]
python benchmarks/buying_models.py convergence [--bases 1000] [--most 100000]

`--beside` names a Python interpreter in which `lifetimes` can be imported; without it, the one that runs this.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import numpy as np
import scipy

LAW = (0.2426, 30.9, 0.793, 2.426)
"""BG/NBD of the CDNOW sample, in days."""
SIZES = ("under 200", "200 to 1,000", "1,000 to 10,000", "10,000 and more")
FIRST_DAY, LAST_DAY = 180, 730
HORIZON = 39


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="what", required=True)
    speed = kinds.add_parser("speed")
    speed.add_argument("--customers", type=int, default=1_000_000)
    speed.add_argument("--rounds", type=int, default=5)
    speed.add_argument("--beside", default=sys.executable)
    cdnow = kinds.add_parser("cdnow")
    cdnow.add_argument("file", type=Path)
    cdnow.add_argument("--rounds", type=int, default=9)
    convergence = kinds.add_parser("convergence")
    convergence.add_argument("--bases", type=int, default=1_000)
    convergence.add_argument("--most", type=int, default=100_000)
    worker = kinds.add_parser("worker")
    worker.add_argument("library")
    worker.add_argument("file", type=Path)
    asked = parser.parse_args()
    if asked.what == "worker":
        print(json.dumps(_once(asked.library, asked.file)))
    elif asked.what == "speed":
        print(f"numpy {np.__version__}, scipy {scipy.__version__}, Python {platform.python_version()}")
        side_by_side(asked.customers, asked.rounds, asked.beside)
    elif asked.what == "cdnow":
        time_cdnow(asked.file, asked.rounds)
    else:
        converge(asked.bases, asked.most)


def side_by_side(customers: int, rounds: int, python: str) -> None:
    x, t_x, age = simulated("bg_nbd", LAW, customers, np.random.default_rng(1), (FIRST_DAY, LAST_DAY + 1))
    age = np.floor(age)
    t_x = np.where(x > 0, np.minimum(np.ceil(t_x), age), 0.0)
    triples = np.unique(np.stack([x, t_x, age]), axis=1).shape[1]
    print(
        f"{customers:,} customers, {triples:,} distinct histories, {(x > 0).mean():.0%} came back, at most {x.max():g}"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "base.npz"
        np.savez(file, x=x, t_x=t_x, age=age)
        found: dict[str, list[dict[str, float]]] = {"ours": [], "lifetimes": []}
        for _ in range(rounds):
            for library, interpreter in (("ours", sys.executable), ("lifetimes", python)):
                one = _run(interpreter, library, file)
                if one:
                    found[library].append(one)
    for name in ("fit", "score", "both", "fit_cpu", "score_cpu", "memory"):
        ours, theirs = ([one[name] for one in found[library]] for library in ("ours", "lifetimes"))
        line = f"{name:<10} ours {statistics.median(ours):8.3f}"
        if theirs:
            ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
            line += f"   lifetimes {statistics.median(theirs):8.3f}   ratio {ratio:6.1f}"
        print(line)
    for library, runs in found.items():
        if runs:
            print(library, {key: runs[0][key] for key in ("r", "alpha", "a", "b")})


def _run(interpreter: str, library: str, file: Path) -> dict[str, float] | None:
    command = [interpreter, __file__, "worker", library, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{library}: not measured ({done.stderr.strip().splitlines()[-1:]})")
        return None
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _once(library: str, file: Path) -> dict[str, float]:
    """Fit and score in a process of its own, after a small fit that loads what is loaded on first use."""
    base = np.load(file)
    x, t_x, age = base["x"], base["t_x"], base["age"]
    fit, score, law = _ours() if library == "ours" else _lifetimes()
    score(fit(x[:2_000], t_x[:2_000], age[:2_000]), x[:2_000], t_x[:2_000], age[:2_000])
    begun, cpu = time.perf_counter(), time.process_time()
    model = fit(x, t_x, age)
    fitted, fitted_cpu = time.perf_counter(), time.process_time()
    score(model, x, t_x, age)
    scored, scored_cpu = time.perf_counter(), time.process_time()
    return {
        "fit": fitted - begun,
        "score": scored - fitted,
        "both": scored - begun,
        "fit_cpu": fitted_cpu - cpu,
        "score_cpu": scored_cpu - fitted_cpu,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        **dict(zip(("r", "alpha", "a", "b"), law(model), strict=True)),
    }


def _ours() -> tuple[Callable[..., object], Callable[..., object], Callable[..., list[float]]]:
    fit_buying = import_module("smalti.models").fit_buying
    return (
        lambda *history: fit_buying(*history, kind="bg_nbd", unit="day"),
        lambda model, *history: model.expected_purchases(*history, HORIZON),
        lambda model: [model.r, model.alpha, model.a, model.b],
    )


def _lifetimes() -> tuple[Callable[..., object], Callable[..., object], Callable[..., list[float]]]:
    fitter = import_module("lifetimes").BetaGeoFitter
    return (
        lambda *history: fitter().fit(*history),
        lambda model, *history: model.conditional_expected_number_of_purchases_up_to_time(HORIZON, *history),
        lambda model: [float(model.params_[name]) for name in ("r", "alpha", "a", "b")],
    )


def time_cdnow(file: Path, rounds: int) -> None:
    fit_buying = import_module("smalti.models").fit_buying
    last: dict[str, list[int]] = {}
    for line in file.read_text().splitlines():
        customer, day, _, _ = line.split()
        if not day.isdigit():
            continue
        last.setdefault(customer, []).append(dt.datetime.strptime(day, "%Y%m%d").toordinal())
    end = dt.date(1998, 6, 30).toordinal()
    days = [sorted(set(each)) for each in last.values()]
    x, t_x, age = np.array([(len(each) - 1, each[-1] - each[0], end - each[0]) for each in days], dtype=float).T
    for kind in ("bg_nbd", "mbg_nbd"):
        spent, cpu = [], []
        for _ in range(rounds):
            begun, begun_cpu = time.perf_counter(), time.process_time()
            model = fit_buying(x, t_x, age, kind=kind, unit="day")
            spent.append(time.perf_counter() - begun)
            cpu.append(time.process_time() - begun_cpu)
        print(
            f"{kind} {x.size:,} customers, {model.groups:,} distinct: fit {statistics.median(spent):.3f} s "
            f"(best {min(spent):.3f}), CPU {statistics.median(cpu):.3f} s; "
            f"r {model.r:.4f} alpha {model.alpha:.2f} a {model.a:.4f} b {model.b:.4f}"
        )


@dataclass
class Found:
    """What came of many fits."""

    refused: int = 0
    still: int = 0
    edge: dict[int, int] = field(default_factory=dict)
    vague: dict[int, int] = field(default_factory=dict)
    held: dict[int, list[list[bool]]] = field(default_factory=dict)
    beaten: int = 0
    apart: list[float] = field(default_factory=list)
    apart_vague: list[float] = field(default_factory=list)


def converge(bases: int, most: int) -> None:
    models, refused = import_module("smalti.models"), import_module("smalti.errors").ModelError
    found, cpu = Found(), time.process_time()
    for kind, law, unit, (x, t_x, age) in odd_bases(bases, most):
        size = sum(x.size >= top for top in (200, 1_000, 10_000))
        try:
            model = models.fit_buying(x, t_x, age, kind=kind)
        except refused as error:
            found.refused += 1
            print(f"refused: {x.size} customers, {int((x > 0).sum())} came back, unit {unit:g}: {error}")
            continue
        other = models.fit_buying(x, t_x * 7, age * 7, kind=kind)
        logs = np.log([model.r, model.alpha, model.a, model.b])
        apart = float(np.abs(logs - np.log([other.r, other.alpha / 7, other.a, other.b])).max())
        found.still += model.converged
        found.edge[size] = found.edge.get(size, 0) + bool(model.at_bound)
        found.beaten += (
            models.BuyingModel(kind, *law).log_likelihood_of(x, t_x, age).sum() > model.log_likelihood + 1e-6
        )
        if model.standard_errors is None:
            found.vague[size] = found.vague.get(size, 0) + 1
            found.apart_vague.append(apart)
        else:
            found.apart.append(apart)
            within = np.abs(logs - np.log(law)) < 1.959964 * np.array(model.standard_errors)
            found.held.setdefault(size, []).append(within.tolist())
    print(f"{bases} bases, {found.refused} refused, {found.still} converged, CPU {time.process_time() - cpu:.0f} s")
    print(f"the true parameters beat the fit in {found.beaten}")
    print(f"days and weeks apart (log-parameters): at most {max(found.apart):.1e} with standard errors", end=", ")
    print(f"{max(found.apart_vague, default=0):.1e} without")
    for size, rows in sorted(found.held.items()):
        rates = ", ".join(f"{rate:.3f}" for rate in np.mean(rows, axis=0))
        print(f"{SIZES[size]:>15}: {len(rows)} with errors; 95 % intervals hold r, alpha, a, b: {rates}", end="; ")
        print(f"{found.vague.get(size, 0)} without, of them {found.edge.get(size, 0)} at a bound")


def odd_bases(
    bases: int, most: int
) -> Iterator[tuple[str, tuple[float, ...], float, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Invent bases over a wide range of parameters, sizes (50 to `most`) and units (hours, days, weeks, months)."""
    for seed in range(bases):
        rng = np.random.default_rng(seed)
        kind = ("mbg_nbd", "bg_nbd")[seed % 2]
        ranges = (50, most), (0.1, 5), (0.1, 3), (0.3, 10), (0.5, 20)
        customers, r, a, b, pace = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in ranges)
        law = r, r * 365 / pace, a, b
        x, t_x, age = simulated(kind, law, int(customers), rng, (73, 365))
        unit = float(rng.choice([24, 1, 1 / 7, 12 / 365.25]))
        yield kind, (r, law[1] * unit, a, b), unit, (x, t_x * unit, age * unit)


def simulated(
    kind: str, law: tuple[float, ...], customers: int, rng: np.random.Generator, spans: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Play the model's own story: repeats, recency and age of each customer."""
    r, alpha, a, b = law
    rate, drop = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = rng.uniform(*spans, customers)
    x, t_x, clock = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    rows = np.arange(customers)
    if kind == "mbg_nbd":
        rows = rows[rng.random(rows.size) >= drop]
    while rows.size:
        clock[rows] += rng.exponential(1.0, rows.size) / np.maximum(rate[rows], 1e-300)
        rows = rows[clock[rows] <= age[rows]]
        x[rows] += 1
        t_x[rows] = clock[rows]
        rows = rows[rng.random(rows.size) >= drop[rows]]
    return x, t_x, age


if __name__ == "__main__":
    main()
