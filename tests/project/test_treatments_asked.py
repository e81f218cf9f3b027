"""What a plan asks of all customers, in a store: the trees of treatments and limits, as of an instant."""

from __future__ import annotations

import pytest

from smalti.engine.clock import Clock
from smalti.engine.options import Options
from smalti.engine.reckoning import read_facts
from smalti.project import parse_project
from smalti.store import Store
from smalti.traits import answer, compute

ORDERS = "customer_id,date,amount\nann,2026-01-01,50\nbob,2026-02-01,30\nann,2026-06-05,20\ncid,2026-05-01,10\n"
CUSTOMERS = """customer_id,email,agrees,birth,country
ann,a@x,true,1990-06-20,GB
bob,b@x,true,1980-12-01,FR
cid,c@x,true,1985-06-12,GB
dee,d@x,true,1985-06-13,GB
"""
TOUCHES = """customer_id,at,treatment,step number,channel,opened_at
ann,2026-06-01T10:00Z,mail,1,email,
bob,2026-06-01T10:00Z,mail,1,email,2026-06-02T10:00Z
cid,2026-06-01T10:00Z,mail,1,email,2026-06-20T10:00Z
cid,2026-06-04T10:00Z,mail,2,email,
dee,2026-06-01T10:00Z,other,1,email,
"""
PROJECT = """
currency: GBP
sources: {orders: {from: orders.csv}, customers: {from: customers.csv}, touches: {from: touches.csv}}
use: []
channels: {email: {address: email, consent: agrees}}
treatments:
  mail:
    strategy: retain
    channels: email
    steps:
      - {after: 3 days, channel: email, if: not opened}
      - {after: 3 days, channel: email, if: "days_since(began) > 5 and count(orders, after began) = 0"}
    stop: ordered
  birthday: {strategy: retain, channels: email, trigger: {anniversary: birth, before: 3 days}}
limits: {suppress: country = 'FR'}
"""


@pytest.mark.parametrize("opened", [True, False])
def test_the_trees_of_a_plan_are_answered_for_everybody(tmp_path, opened):
    touches = TOUCHES if opened else TOUCHES.replace("2026-06-02T10:00Z", "").replace("2026-06-20T10:00Z", "")
    for name, text in (("orders", ORDERS), ("customers", CUSTOMERS), ("touches", touches)):
        (tmp_path / f"{name}.csv").write_text(text)
    project, origin = parse_project(PROJECT, "smalti.yml")
    with Store(threads=1) as store:
        facts = read_facts(store, project, Options(home=tmp_path, as_of="2026-06-10T12:00Z"), origin, Clock())
        known = facts.prepared
        computed = compute(store, facts.loaded.streams, known.traits, known.plan_trees, facts.at, "_customers")
        mail, birthday = known.treatments
        wanted = {
            "not opened": mail.steps[0].condition,
            "waiting": mail.steps[1].condition,
            "stop": mail.stop,
            "near": birthday.begins,
            "in days": birthday.due,
            "never": facts.prepared.limits.suppress,
        }
        answers = answer(store, computed, wanted, facts.at).to_pylist()
    told = {one.pop("customer_id"): tuple(one.values()) for one in answers}
    assert told == {
        "ann": (True, False, True, True, 7, False),
        "bob": (not opened, True, False, False, 171, True),
        "cid": (True, True, False, False, -1, False),
        "dee": (True, None, False, True, 0, False),
    }
