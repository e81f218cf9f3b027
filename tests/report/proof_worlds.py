"""Invented proofs, in the form in which the engine gives them."""

import math

from smalti.experiments.proof import SHARES, Budget, Chosen, Lead, Misses, Point, Proof, Standing

LADDER = ("nothing", "generic", "segment", "individual")
VALUES = {"nothing": 0.106, "generic": 0.183, "segment": 0.184, "individual": 0.182}


def lead(policy, over, scale=1.0, wide=0.004):
    value = (VALUES[policy] - VALUES[over]) * scale
    ends = [value + sign * reach * wide for reach in (1.0, 1.4) for sign in (-1, 1)]
    return Lead(policy, over, value, wide / 2, *ends, differ=0.4)


def point(budget, recommended, scale=1.0):
    standings = tuple(
        Standing(name, value * scale, 0.0026, value * scale - 0.005, value * scale + 0.005, value * scale, 0.0, scale)
        for name, value in VALUES.items()
    )
    leads = [lead(high, low, scale) for place, low in enumerate(LADDER) for high in LADDER[place + 1 :]]
    return Point(budget, standings, tuple(leads), recommended)


def misses(shown=False):
    return Misses(shown, 0.12 if shown else 0.0, 0.08, 0.16, 0.37, 0.9, 0.1, 0.01, 0.002, 0.006, 0.014)


def proof(recommended="generic", shown=False, arm="Mens E-Mail"):
    budgets = [point(one, "segment" if one.amount < 0.15 else recommended, one.amount) for one in SHARES]
    return Proof(
        arms=("No E-Mail", arm, "Womens E-Mail"),
        control="No E-Mail",
        rows=64_000,
        customers=64_000,
        folds=5,
        level=0.95,
        seed=0,
        points=(point(None, recommended), *budgets, point(Budget("money", 1500.0), recommended, 0.5)),
        misses=misses(shown),
        best_segmentation="mens x womens",
        chosen_in_folds=(("mens x womens", 5), ("newbie", 0)),
        generic=Chosen("", "", arm, 64_000, 0.077),
        segments=(Chosen("mens x womens", "mens: no, womens: yes", "Womens E-Mail", 28_734, 0.08),),
        warnings=(),
    )


def effect(arm, value, state, answer):
    return {
        "metric": "visit", "arm": arm, "control": "No E-Mail", "customers": 21_307, "control_customers": 21_306,
        "value": 0.106 + value, "control_value": 0.106, "effect": value, "error": 0.0034, "low": value - 0.0066,
        "high": value + 0.0066, "p": 0.001, "level": 0.95, "answer": answer, "words": f"{arm} {answer}: told in a sentence.",
    }  # fmt: skip


def outcome(name="visit", unit="rate", recommended="generic", shown=False, arm="Mens E-Mail"):
    stored = proof(recommended, shown, arm).stored()
    qini = {"value": 0.0065, "error": 0.0009, "low": 0.0047, "high": 0.0083, "level": 0.95}
    among = [effect(arm, 0.011, "good", "works"), effect(arm, 0.073, "good", "works")]
    return {
        "outcome": name, "kind": unit, "unit": unit, "worth": None, "notes": [], "told_apart": True,
        "effects": [effect(arm, 0.0766, "good", "works"), effect("Womens E-Mail", 0.002, "open", "cannot tell yet")],
        "everyone": [], "looked_at": 40, "proof": stored, "without_costs": stored if unit == "money" else None,
        "rankings": [{"arm": arm, "qini": qini, "shown": True}],
        "drivers": [{"name": "womens", "gain": 1.0, "error": 0.1, "share": 0.96, "shown": True}],
        "differing": [{
            "segmentation": "womens", "arm": arm, "labels": ["womens: no", "womens: yes"], "effects": among,
            "found": {"p": 1e-9}, "differ": True,
        }],
    }  # fmt: skip


def proved(**changed):
    """A trial as it is told; anything may be changed."""
    return {
        "form": 1, "name": "hillstrom.csv.gz", "rows": 64_000, "customers": 64_000,
        "arms": [
            {"arm": name, "rows": 21_333, "share": 1 / 3, "cost": cost}
            for name, cost in (("No E-Mail", 0.0), ("Mens E-Mail", 0.3), ("Womens E-Mail", 0.3))
        ],
        "control": "No E-Mail", "currency": "GBP", "level": 0.95, "folds": 5, "seed": 0, "learner": "dr", "logged": False,
        "observational": False, "planned": None, "ratio": {"counts": [1, 2], "expected": [1.5, 1.5], "p": 0.5, "alarm": False},
        "segmentations": [{"name": "womens", "segments": 2}], "set_aside": {"no visit told": 2},
        "taken": ["arm: segment (by its name)"], "warnings": [],
        "outcomes": [outcome(), outcome("spend", "money")],
    } | changed  # fmt: skip


assert math.isclose(lead("generic", "nothing").value, 0.077)
