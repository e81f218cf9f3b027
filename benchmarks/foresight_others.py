"""Fit and foretell with another library, in an environment of its own; called by `foresight.py`.

    python foresight_others.py LIBRARY KIND GIVEN.npz MADE.npz

Weeks are the unit, as in both libraries' own examples; nothing is penalised, and priors are the libraries' own.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module

import numpy as np
import pandas as pd


def lifetimes(kind: str, repeats: np.ndarray, recency: np.ndarray, age: np.ndarray, horizon: float) -> np.ndarray:
    names = {"mbg_nbd": "ModifiedBetaGeoFitter", "bg_nbd": "BetaGeoFitter", "pareto_nbd": "ParetoNBDFitter"}
    fitter = getattr(import_module("lifetimes"), names[kind])()
    fitter.fit(repeats, recency, age)
    asked = fitter.conditional_expected_number_of_purchases_up_to_time
    return np.asarray(asked(horizon, repeats, recency, age), dtype=float)


def pymc_marketing(kind: str, repeats: np.ndarray, recency: np.ndarray, age: np.ndarray, horizon: float) -> np.ndarray:
    names = {"mbg_nbd": "ModifiedBetaGeoModel", "bg_nbd": "BetaGeoModel", "pareto_nbd": "ParetoNBDModel"}
    made = getattr(import_module("pymc_marketing.clv"), names[kind])
    ids = np.arange(len(repeats))
    data = pd.DataFrame({"customer_id": ids, "frequency": repeats, "recency": recency, "T": age})
    model = made(data)
    model.fit(method="map")
    return np.asarray(model.expected_purchases(future_t=horizon).mean(("chain", "draw")), dtype=float)


def main() -> None:
    library, kind, given, made = sys.argv[1:]
    with np.load(given) as found:
        repeats, recency, age = found["repeats"], found["recency"] / 7, found["age"] / 7
        horizon = float(found["horizon"]) / 7
    begun = time.perf_counter()
    forecast = {"lifetimes": lifetimes, "pymc-marketing": pymc_marketing}[library](kind, repeats, recency, age, horizon)
    np.savez(made, forecast=forecast, seconds=time.perf_counter() - begun)


if __name__ == "__main__":
    main()
