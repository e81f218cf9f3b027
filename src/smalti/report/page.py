"""The page: one self-contained HTML file, for any number of customers, that works offline and without scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from smalti.report.account import accounts, asides
from smalti.report.experiments import experiments
from smalti.report.foresight import foresight
from smalti.report.grounds import grounds
from smalti.report.groups import segmentations
from smalti.report.matter import Matter
from smalti.report.movements import ground, movements
from smalti.report.opening import opening
from smalti.report.personas import persona_cards
from smalti.report.plan import plan_told
from smalti.report.plans import first_customers, plans
from smalti.report.proof import evidence
from smalti.report.valuemap import maps
from smalti.report.verdicts import gate


def page(
    info: Mapping[str, Any],
    tables: Mapping[str, pa.Table],
    previous: Mapping[str, pa.Table] | None = None,
    *,
    customers_shown: int = 10,
) -> str:
    """Tell a run as one HTML page for a marketer.

    The page loads nothing: style, script and pictures are inside, and its content security policy forbids the rest.
    Same run, same text. It stays small whatever the number of customers, since the value map is counted beforehand.

    Args:
        info: The run's `run.json`. Totals are in minor units; any key may be absent.
        tables: The run's tables: `customers`, `membership`, `segments`, `segment_traits`, `personas`, `strategies`,
            `playbook`, `set_aside`; where it has a plan `plan`, `plan_totals`, `plan_limits`, `plan_previews`. Any may be
            absent, and any trait of `customers` too.
        previous: `membership` of the run before and, of all runs up to this one, `changes` and `half_lives` as
            `smalti.segments` makes them, which may be absent; None where there was no run before.
        customers_shown: How many customers with the largest expected gain are listed.

    Returns:
        The HTML text, UTF-8 when written.

    >>> "<h1" in page({"project": "Corner Shop", "currency": "GBP"}, {})
    True
    """
    matter = Matter(info, tables, previous, customers_shown)
    shown, set_aside = asides(matter)
    tried, proven, planned = experiments(matter), evidence(matter), plan_told(matter)
    sheets = [("page.css", True), ("proof.css", tried or proven), ("plan.css", planned)]
    script = _asset("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            opening=opening(matter),
            maps=maps(matter),
            plan=planned,
            plans=plans(matter),
            first=first_customers(matter),
            foresight=foresight(matter),
            experiments=tried,
            evidence=proven,
            segmentations=segmentations(matter),
            personas=persona_cards(matter),
            quality=gate(matter),
            movements=movements(matter),
            staying_ground=ground(matter),
            accounts=accounts(matter),
            asides=shown,
            set_aside=set_aside,
            grounds=grounds(matter),
            style="\n".join(_asset(name) for name, needed in sheets if needed),
            script=script,
            script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("smalti.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return files("smalti.report").joinpath("assets", name).read_text(encoding="utf-8").strip()
