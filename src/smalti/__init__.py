r"""smalti: raw customer data in, a plan for every single customer out.

>>> import tempfile, smalti
>>> from pathlib import Path
>>> orders = Path(tempfile.mkdtemp()) / "orders.csv"
>>> _ = orders.write_text("customer,date,amount\nann,2026-01-05,9.50\nann,2026-02-07,12.00\nbob,2026-02-01,30.00\n")
>>> run = smalti.run(str(orders), to=orders.parent / "runs")
>>> run.strategies.to_pandas()["strategy"].tolist()
['leave_alone', 'do_not_target', 'leave_alone', 'do_not_target']
>>> run.customer("ann").row["orders_total"]
2

The same from definitions as code: build a `Project`, then `run_project` it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smalti.engine import (
    History,
    Options,
    Profile,
    Quality,
    Run,
    assess_project,
    history,
    plan_changes,
    run_project,
)
from smalti.errors import DefinitionError, SmaltiError
from smalti.project import Project, begin_project, load_project
from smalti.report import Changes

__all__ = [
    "Changes",
    "DefinitionError",
    "History",
    "Options",
    "Profile",
    "Project",
    "Quality",
    "Run",
    "SmaltiError",
    "assess_project",
    "history",
    "load_project",
    "plan_changes",
    "run",
    "run_project",
]


def run(
    *files: str,
    customer: str | None = None,
    at: str | None = None,
    amount: str | None = None,
    as_of: str | None = None,
    to: Path | str | None = None,
    **settings: Any,
) -> Run:
    """Make a run straight from files of orders, and of customers if there are any.

    Args:
        *files: File names or globs, relative to the working folder.
        customer: Column with the customer's id; found by itself if left out.
        at: Column with the date; found by itself if left out.
        amount: Column with the money; found by itself if left out.
        as_of: The instant asked about in ISO 8601; the latest fact's if left out.
        to: The folder of runs; ``.smalti/runs`` in the working folder if left out.
        **settings: Fields of `Project`, such as ``currency="EUR"`` or ``assumptions=...``.

    Returns:
        The published run.

    Raises:
        SmaltiError: The files cannot be read or understood, or a setting is wrong.
    """
    said = {
        name: value for name, value in (("customer", customer), ("at", at), ("amount", amount)) if value is not None
    }
    begun = begin_project(files, settings=settings, overrides=said)
    options = Options(to=Path(to) if to is not None else None, as_of=as_of, guess=begun.sentences)
    return run_project(begun.project, options)
