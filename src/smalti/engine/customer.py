"""Everything a run says of one customer, read back from the run alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.moving import ages_unseen, foretold
from smalti.errors import RunError, nearest
from smalti.facts import Currency, Type, from_minor, to_minor
from smalti.report import CustomerStory, ahead, customer_story, planned, tell
from smalti.rules import (
    Customer,
    Literal,
    Node,
    Quantile,
    Reason,
    Vocabulary,
    Words,
    check,
    meaning,
    parse,
    reasons,
    walk,
    write,
)
from smalti.store import RunFolder

_VALUES = ("value_now", "value_to_come", "value_at_risk", "untapped_potential")
_QUANTILES = ("q025", "q25", "median", "q75", "q975")
_NEAR = 5_000
"""Ids looked through, at most, for one that is like an unknown one."""


@dataclass(frozen=True)
class Profile:
    """One customer in one run.

    Attributes:
        folder: The run.
        row: Her row of the customers table.
        segments: Her segments, each a row of the segments table.
        strategies: Her two rows of the strategies table.
        all_segments: All rows of the segments table, hers or not.
    """

    folder: RunFolder
    row: Mapping[str, Any]
    segments: Sequence[Mapping[str, Any]]
    strategies: Sequence[Mapping[str, Any]]
    all_segments: Sequence[Mapping[str, Any]] = ()

    @property
    def customer_id(self) -> str:
        """The customer's id."""
        return str(self.row["customer_id"])

    @cached_property
    def story(self) -> CustomerStory:
        """Who she is, how she differs from her segments, what is wanted for her and why, what would change that."""
        info = self.folder.info
        playbook = {row["strategy"]: row for row in self.folder.table("playbook").to_pylist()}
        strategies = [dict(row) | {"title": playbook[row["strategy"]]["title"]} for row in self.strategies]
        story = customer_story(
            self.row,
            info=info,
            segments=[dict(row) | {"typical": _typical(self.folder, row, info)} for row in self.segments],
            strategies=strategies,
            attributes=info["attributes"],
            changes=self._changes(playbook),
            ranks=_ranks(self.folder, self.row),
            titles=info["titles"],
        )
        drivers, products = (self._of_table(name) for name in ("score_drivers", "next_products"))
        told = ahead(self.row, info=info, drivers=drivers, products=products, titles=info["titles"])
        rows, options = (self._of_table(name) for name in ("plan", "plan_options"))
        return replace(story, ahead=told, planned=planned(rows, info=info, options=options))

    def _of_table(self, name: str) -> list[dict[str, Any]]:
        """Give her rows of a table that not every run has."""
        if name not in self.folder.tables:
            return []
        found: list[dict[str, Any]] = self.folder.table(
            name, where=[("customer_id", "=", self.customer_id)]
        ).to_pylist()
        return found

    def __str__(self) -> str:
        return tell(self.story)

    def _changes(self, playbook: Mapping[str, Mapping[str, Any]]) -> list[str]:
        told = []
        for segment in self.segments:
            for reason in self._reasons(segment["rule"]):
                if reason.change and reason.answer and reason.decides:
                    told.append(f"{segment['title']} ({segment['segmentation']}): {reason.found}, and {reason.change}")
        primary = playbook[str(self.row["primary_strategy"])]
        for reason in self._reasons(primary["rule"]):
            if reason.change and reason.answer and reason.decides:
                told.append(f"{primary['title']} is possible because {reason.found}, and {reason.change}")
        return list(dict.fromkeys(told))

    def _reasons(self, rule: str) -> list[Reason]:
        info = self.folder.info
        currency = Currency(info["currency"])
        types = {name: Type(kind) for name, kind in info["types"].items()}
        known = {name: kind for name, kind in types.items() if name in self.row}
        titles = {str(row["segment"]): str(row["title"]) for row in self.all_segments}
        vocabulary = Vocabulary({}, known, currency, segments=titles.keys(), time_zone=info["time_zone"])
        ready = check(parse(rule), vocabulary)
        if ready.problems:
            return []
        constants = {one["key"]: one["raw"] for one in info["fitted"]}
        fitted = {one: constants[write(one)] for one in walk(ready.node) if isinstance(one, Quantile)}
        values = {name: _working(self.row[name], kind, currency) for name, kind in known.items()}
        mine = {str(row["segment"]) for row in self.segments}
        memberships = {name: Literal(name in mine, Type.BOOLEAN) for name in titles}
        who = str(self.row["customer_id"])
        her = Customer({}, scores=values, fitted=fitted, segments=memberships, customer_id=who)
        words = Words(currency, titles | info["titles"], types, fitted, info["time_zone"])

        def value(node: Node) -> Any:
            return meaning(node, her, info["as_of_microseconds"])

        changes_at = foretold(ready.node, info, values, fitted, who)
        now = info["as_of_microseconds"]
        unseen = ages_unseen(info, values)
        return reasons(ready.node, words, value, changes_at=changes_at, now=now, ages_unseen=unseen)


def profile_of(folder: RunFolder, customer_id: str) -> Profile:
    """Find a customer in a run.

    Raises:
        RunError: The run knows no such customer.
    """
    wanted = customer_id.strip()
    rows = folder.table("customers", where=[("customer_id", "=", wanted)]).to_pylist()
    if not rows:
        raise RunError(_unknown(folder, wanted))
    mine = folder.table("membership", where=[("customer_id", "=", wanted)]).to_pylist()
    segments = {(row["segmentation"], row["segment"]): row for row in folder.table("segments").to_pylist()}
    strategies = folder.table("strategies", where=[("customer_id", "=", wanted)]).to_pylist()
    hers = [segments[one["segmentation"], one["segment"]] for one in mine]
    return Profile(folder, rows[0], hers, strategies, [*segments.values()])


def _unknown(folder: RunFolder, wanted: str) -> str:
    ids = folder.table("customers", columns=["customer_id"])["customer_id"]
    alike = ids.filter(pc.equal(pc.utf8_lower(ids), wanted.lower()))
    start = ids.filter(pc.starts_with(ids, wanted[: max(len(wanted) - 2, 1)])) if wanted else ids
    near = alike[0].as_py() if len(alike) else nearest(wanted, start.slice(0, _NEAR).to_pylist())
    hint = f"; did you mean '{near}'?" if near else f"; one it knows is '{ids[0]}'" if len(ids) else ""
    return f"this run knows no customer '{wanted}' among its {len(ids):,}{hint}"


def _typical(folder: RunFolder, segment: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    currency = Currency(info["currency"])
    where: list[tuple[str, str, object]] = [(name, "=", segment[name]) for name in ("segmentation", "segment")]
    found = {}
    for row in folder.table("segment_traits", where=where).to_pylist():
        if row["median"] is not None:
            kind = info["types"].get(row["trait"])
            found[row["trait"]] = {
                name: _told(row[name], kind, currency) for name in _QUANTILES if row.get(name) is not None
            }
    return found


def _told(value: float, kind: str | None, currency: Currency) -> Any:
    return from_minor(round(value), currency) if kind == Type.MONEY else value


def _ranks(folder: RunFolder, row: Mapping[str, Any]) -> dict[str, int]:
    table = folder.table("customers", columns=list(_VALUES))
    found = {}
    for name in _VALUES:
        if row[name] is not None:
            column = table[name]
            above = pc.greater(column, pa.scalar(row[name], column.type))
            found[name] = 1 + int(pc.sum(above).as_py() or 0)
    return found


def _working(value: Any, kind: Type, currency: Currency) -> Any:
    """Turn a published value back into the form that the meaning takes."""
    if isinstance(value, Decimal) and kind is Type.MONEY:
        return to_minor(value, currency)
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    return value
