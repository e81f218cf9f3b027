"""What experiments and scores say of treatments reaches the plan: the rate that was measured, the effect on each customer."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.engine import Options, plan_project
from smalti.engine.experimenting import updated
from smalti.facts import DAY
from smalti.strategy import Belief

from .experiment_worlds import EXPERIMENT, NOW, project, write_world

TRIED = EXPERIMENT | {"traits": ["orders_total"], "against": [], "outcome": {"bought": "purchase"}}
GREET = {
    "title": "Greet",
    "mechanism": "greeting",
    "eligible": "true",
    "headroom": "money(10)",
    "success": {"rate": 0.04, "strength": 20},
    "because": "everybody is greeted",
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A shop whose mail makes six of ten regular customers buy and nobody else, planned when that is known."""
    folder = tmp_path_factory.mktemp("effects")
    write_world(folder, 400, regular=0.6, occasional=0.0, seed=1)
    told = project(
        experiments={"spring": TRIED},
        scores={"mail_effect": {"effect": "spring", "traits": ["orders_total"]}},
        playbook={"greet": GREET},
        treatments={
            "mail": {"strategy": "greet", "cost": 0.5},
            "card": {"strategy": "greet", "cost": 0.5},
            "letter": {"strategy": "greet", "cost": 0.5, "score": "mail_effect", "worth": 10},
        },
    )
    return plan_project(told, Options(home=folder, to=folder / "runs", now=NOW + DAY, threads=1))


def options(planned, action: str, column: str) -> np.ndarray:
    """A column of the options of one action, by customer."""
    rows = [one for one in planned.tables["plan_options"].to_pylist() if one["action"] == action]
    return np.array([float(one[column]) for one in rows])


def test_a_treatment_called_like_an_arm_works_as_often_as_was_measured(planned):
    actions = {one["name"]: one for one in planned.info["plan"]["actions"]}
    assert (actions["mail"]["by"], actions["card"]["by"]) == ("experiment spring", "smalti's default")
    assert actions["mail"]["basis"] == "assumed", "what is won by it is still no more than assumed"
    note = next(one for one in planned.info["plan"]["notes"] if one.startswith("Mail works on"))
    assert "experiment spring has measured" in note and "had assumed 4 %" in note
    rates = {name: (options(planned, name, "expected") + 50) / 1000 for name in ("mail", "card")}
    assert np.ptp(rates["mail"]) < 1e-9 and rates["card"] == pytest.approx(0.04)
    assert 0.15 < rates["mail"][0] < 0.40, "about half of the customers are regular, and six of ten of those follow"
    width = {name: np.ptp([options(planned, name, f"expected_{end}")[0] for end in ("low", "high")]) for name in rates}
    assert width["mail"] > 0 and width["mail"] < 1000 * 0.2, "measured on four hundred"


def test_the_more_is_measured_the_less_what_was_assumed_counts():
    before = Belief(rate=0.04, strength=20, by="x")
    vague, sharp = (updated(before, 0.3, error, "e").rate for error in (0.2, 0.01))
    assert before.rate < vague < sharp < 0.301


def test_a_score_says_for_each_customer_what_a_treatment_brings(planned):
    (action,) = (one for one in planned.info["plan"]["actions"] if one["name"] == "letter")
    assert action["by"] == "experiment spring"
    gain = options(planned, "letter", "expected")
    effect = (gain + 50) / 1000
    assert len(effect) == 400 and len(np.unique(effect.round(6))) > 1
    orders = effect > np.median(effect)
    assert effect[orders].mean() > effect[~orders].mean() + 0.1, "regular customers follow the mail, others do not"
    assert effect.mean() == pytest.approx(options(planned, "mail", "expected").mean() / 1000 + 0.05, abs=0.1)
    shared = planned.plan.candidates.gains.shared
    place = [one.name for one in planned.plan.candidates.actions].index("letter")
    assert shared[place].min() > 0, "how far all of them may be off together"


def test_who_follows_gets_what_the_score_is_for(planned):
    rows = {one["customer_id"]: one["treatment"] for one in planned.tables["plan"].to_pylist()}
    assert set(rows.values()) <= {None, "mail", "letter"}, "a card is the same mail at a lower rate"
    assert sum(one == "letter" for one in rows.values()) > 50
