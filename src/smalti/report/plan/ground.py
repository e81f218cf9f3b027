"""What the sums and choices of a plan rest on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from smalti.report.columns import as_minor
from smalti.report.matter import Matter
from smalti.report.writing import count, share, spoken, stop

SUMS = (
    "Sums are expected gains after costs, with 80 % intervals; the doubt that all customers of a treatment share does not "
    "average out."
)
"""What every sum of a plan is."""
_TO_MEASURE = "so that it can be measured what works."
_UNDER_WAY = "under way"


def ground(matter: Matter) -> tuple[str, ...]:
    """Say what the sums of a plan are, what no plan could exceed, and what chose besides them.

    >>> len(ground(Matter({"plan": {"explore": 0.05}}, {})))
    2
    """
    plan = matter.info["plan"]
    return (SUMS, *_bound(matter, plan), *_weighed(matter, plan), *_drawn(plan), *_counted(matter, plan))


def _bound(matter: Matter, plan: Mapping[str, Any]) -> Iterator[str]:
    bound, value = plan.get("bound"), plan.get("value")
    if bound is None or value is None or not plan.get("customers"):
        return
    worth, most = (matter.pen.round_money(round(one)) for one in (value, bound))
    yield f"As it was chosen it is worth {worth}; nothing within these limits could be worth more than {most}."


def _weighed(matter: Matter, plan: Mapping[str, Any]) -> Iterator[str]:
    levers = plan.get("levers") or {}
    if not isinstance(levers, Mapping):
        yield from (stop(str(one)) for one in levers)
        return
    titles = {str(one["name"]): str(one.get("title") or spoken(one["name"])) for one in plan.get("actions") or ()}
    weighed = {titles.get(name, spoken(name)): float(weight) for name, weight in levers.items() if weight != 1}
    if weighed:
        listed = ", ".join(f"{title} {weight:g} times" for title, weight in weighed.items())
        yield f"When choosing, gains are weighed: {listed}. The sums told are not."


def _drawn(plan: Mapping[str, Any]) -> Iterator[str]:
    part, drawn = plan.get("explore"), plan.get("explored")
    if part and drawn is None:
        yield f"What {share(part)} of the customers get is drawn by lot among all that each may get, {_TO_MEASURE}"
    elif part and drawn:
        gets = "gets" if int(drawn) == 1 else "get"
        who = f"{count(int(drawn), 'customer')} {gets}"
        yield f"What {who} was drawn by lot among all that each may get, at a chance of {share(part)}, {_TO_MEASURE}"


def _counted(matter: Matter, plan: Mapping[str, Any]) -> Iterator[str]:
    """Tell of what came first, and of whom no day could carry."""
    under_way, moved = int(plan.get("under_way") or 0), int(plan.get("moved") or 0)
    if under_way:
        cost = _cost_under_way(matter)
        beside = (
            f" Sums of cost leave out the {matter.pen.money(cost)} that these are expected to cost." if cost else ""
        )
        yield f"{count(under_way, 'contact')} of treatments that began earlier came first, and took of the limits.{beside}"
    if moved:
        yield f"{count(moved, 'customer')} got what was next best, or nothing, since no day could carry the best."


def _cost_under_way(matter: Matter) -> int:
    """Give what contacts of treatments that began earlier cost, in minor units; 0 where that is not told."""
    table = matter.tables.get("plan")
    if table is None or not {"chosen", "cost"} <= set(table.column_names):
        return 0
    costs = table.filter(pc.equal(table["chosen"], _UNDER_WAY))["cost"].to_pylist()
    return sum(as_minor(one, matter.pen.currency) or 0 for one in costs)
