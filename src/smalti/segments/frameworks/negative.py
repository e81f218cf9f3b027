"""Whom not to target: those whose returns, costs or complaints eat up what they bring."""

from __future__ import annotations

from pydantic import Field

from smalti.facts import Type
from smalti.segments.frameworks.framework import Framework, Given, Row, Settings, percent, plain, segments_of
from smalti.segments.frameworks.minimum import Minimum


class NegativeSettings(Settings):
    """Settings of the negative segments."""

    min_returns: int = Field(3, ge=1, description="Returns ever, from which somebody can be a serial returner.")
    returned: float = Field(
        0.5, gt=0, le=1, description="Share of the spend given back, 0 to 1, from which she is one."
    )
    min_tickets: int = Field(
        3, ge=1, description="Tickets in the last year, from which somebody can be a costly complainer."
    )


def negative(settings: NegativeSettings, given: Given) -> Framework:
    """Tell serial returners, costly complainers and other unprofitable customers from those worth reaching.

    Serial returners sent back at least three times, and half of what they spent. Costly complainers wrote at least three
    tickets in the last year, which cost more than their value now. Unprofitable is whose value now is below zero, see the
    value map. Who is several of these counts as the first: complainer, returner, unprofitable. At least 50 buyers and a
    year of history are wanted.
    """
    rows = [*_complainers(settings, given), *_returners(settings, given)]
    rows.append(
        Row(
            "unprofitable", f"value_now < 0{_but(rows)}", "cost more than they brought in the last year", "Unprofitable"
        )
    )
    worth = Row(
        "worth_reaching", _but(rows).removeprefix(" and "), "nothing speaks against reaching them", "Worth reaching"
    )
    segments = segments_of("negative", "negative", rows) | segments_of("negative", "value", [worth])
    cost, kind = "ticket_cost_365d", given.column("tickets", "cost")
    traits = {cost: _cost(kind)} if kind in _COSTS else {}
    return Framework(
        name="negative",
        about="Whom not to target: who costs more than she brings",
        kind="negative",
        needs=("orders_total",),
        traits=traits,
        segments=segments,
        titles=dict.fromkeys(traits, "cost of tickets in the last year"),
        minimum=Minimum(buyers=50, history_days=365, because="the year in which cost and value are compared"),
    )


_COSTS = (Type.MONEY, Type.INTEGER, Type.NUMBER)


def carried_by_default(given: Given) -> bool:
    """Whether there is anything that makes a customer costly: returns, or tickets that say their cost."""
    return "returns_total" in given.names or given.column("tickets", "cost") in _COSTS


def _cost(kind: Type | None) -> str:
    total = "sum(tickets.cost, last 365 days)"
    return total if kind is Type.MONEY else f"money({total})"


def _complainers(settings: NegativeSettings, given: Given) -> list[Row]:
    if given.column("tickets", "cost") not in _COSTS:
        return []
    who = f"tickets_365d >= {settings.min_tickets} and ticket_cost_365d > coalesce(value_now, 0)"
    return [Row("costly_complainers", who, "their tickets cost more than they are worth", "Costly complainers")]


def _returners(settings: NegativeSettings, given: Given) -> list[Row]:
    if "returns_total" not in given.names:
        return []
    share = "refund_share" if "refund_share" in given.names else "returns_total / orders_total"
    other = "" if given.column("tickets", "cost") not in _COSTS else " and not member(costly_complainers)"
    who = f"returns_total >= {settings.min_returns} and {share} >= {plain(settings.returned)}{other}"
    why = f"sent back at least {settings.min_returns} times and {percent(settings.returned)} of what they spent"
    return [Row("serial_returners", who, why, "Serial returners")]


def _but(rows: list[Row]) -> str:
    return "".join(f" and not member({row.name})" for row in rows)
