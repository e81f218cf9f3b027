"""The least there can be of a plan: no segment, no touches, no limits, customers whom nothing is worth."""

from __future__ import annotations

import pytest

from smalti.engine import Options, run_project
from smalti.project import Project

ORDERS = "customer,date,amount\nann,2026-01-05,9.50\nann,2026-02-05,19.50\nbob,2026-02-01,30.00\ncem,2025-02-01,3.00\n"
PEOPLE = "customer,email,agreed\nann,ann@example.org,yes\nbob,bob@example.org,yes\ncem,cem@example.org,no\n"


@pytest.mark.parametrize("limits", [None, {"budget": 0}, {"period": "1 day", "explore": 1.0}])
def test_a_project_with_nothing_but_a_treatment_has_a_plan(tmp_path, limits):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "people.csv").write_text(PEOPLE)
    project = Project(
        use=[],
        sources={"orders": {"from": "orders.csv"}, "customers": {"from": "people.csv", "customer": "customer"}},
        playbook={
            "greet": {
                "title": "Greet",
                "mechanism": "greeting",
                "eligible": "true",
                "headroom": "money(20)",
                "success": 0.5,
                "because": "everybody is",
            }
        },
        channels={"email": {"address": "email", "consent": "agreed"}},
        treatments={"hello": {"strategy": "greet", "channels": "email", "cost": 1}},
        **({"limits": limits} if limits else {}),
    )
    run = run_project(project, Options(home=tmp_path, to=tmp_path / "runs"))
    rows = {row["customer_id"]: row for row in run.folder.table("plan").to_pylist()}
    assert rows.keys() == {"ann", "bob", "cem"}
    assert rows["cem"]["treatment"] is None and "not agreed" in rows["cem"]["reason"]
    if limits is None:
        assert rows["ann"]["treatment"] == rows["bob"]["treatment"] == "hello"
        assert run.decide("ann").treatment == "hello"
    if limits == {"budget": 0}:
        assert rows["ann"]["treatment"] is rows["bob"]["treatment"] is None
