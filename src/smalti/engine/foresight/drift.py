"""What has changed since earlier runs of a project: what goes into its models, and whether what they foretold came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.since import Came, Earlier, day_of, purchases_since
from smalti.errors import ModelError
from smalti.facts import DAY, Currency, Instant, Type, format_minor
from smalti.models import (
    Bins,
    Foretold,
    Shift,
    bins_from_rows,
    bins_of,
    false_discoveries,
    foretold,
    panel_drift,
    repeat_buying_from_dict,
)
from smalti.models.drift import ALPHA, LEAST_MOVED
from smalti.store import RunFolder

_ALWAYS = {
    "buying": ("purchase_days", "days_since_order", "days_since_first_order"),
    "spend": ("purchase_days", "spend_total", "mean_order_value"),
}
"""What goes into models that do not say it."""
_EXACT = 1e-6
"""Days by which two reckonings of one age may differ: far less than a second."""
ON_DAYS = "money on days of purchase"
"""What spend is counted in that is foretold of a day, the days being those that came."""
_MONEY = ("money", ON_DAYS)
_DAYS = {Type.INSTANT: " days ago", Type.DURATION: " days"}


@dataclass(frozen=True)
class Today:
    """A run that is about to be published.

    Attributes:
        customers: Its table of customers, as published.
        models: What is told of its models, by name.
        types: The types of all names.
        titles: What they are called.
        currency: The project's currency.
        at: Its as-of instant.
    """

    customers: pa.Table
    models: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, Type]
    titles: Mapping[str, str]
    currency: Currency
    at: Instant


@dataclass(frozen=True, eq=False)
class _Input:
    """An input as models take it."""

    name: str
    kind: Any
    values: npt.NDArray[Any]


def drift_of(earlier: Earlier, today: Today) -> dict[str, list[dict[str, Any]]]:
    """Compare a run with the earlier runs of its project.

    Returns:
        By model what ``run.json`` says under ``drift``. Of each input (``kind`` is ``input``) that was there in the run before:
        the test, its p-value and that as a share of false alarms among the model's inputs (``q_value``), how much has
        ``moved``, the population stability index, and an ``alarm`` where at least a tenth has moved and it is no chance. What
        counts the time since an instant that stays, such as a first order, is left out: that it grows is no drift.
        Of what was foretold (``kind`` is ``calibration``), where its horizon has passed: what came beside it. Nothing of a
        model that was not fitted in both.
    """
    if earlier.previous is None:
        return {}
    then = earlier.previous.info.get("models") or {}
    found: dict[str, list[dict[str, Any]]] = {}
    inputs = _Inputs(earlier.previous, today)
    for name, model in today.models.items():
        if model.get("fitted") and (then.get(name) or {}).get("fitted"):
            found[name] = inputs.of(name, model)
    for name, came in {**earlier.came, **_of_buying(earlier, today)}.items():
        if name in today.models and (told := _calibration(came, today)) is not None:
            found.setdefault(name, []).insert(0, told)
    return {name: drifts for name, drifts in found.items() if drifts}


def with_drift(
    models: Mapping[str, Mapping[str, Any]], found: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """Give what is told of models with what has drifted.

    >>> with_drift({"spend": {"fitted": True}}, {})
    {'spend': {'fitted': True, 'drift': []}}
    """
    return {name: {**model, "drift": [dict(one) for one in found.get(name, ())]} for name, model in models.items()}


def notes_of(found: Mapping[str, Sequence[Mapping[str, Any]]], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Give a sentence for each model that asks for a look.

    >>> drift = [{"kind": "input", "input": "age", "alarm": True, "title": "age"}]
    >>> notes_of({"stays": drift}, {"stays": {"title": "stays"}})
    ['stays: 1 of 1 input has drifted since the run before (age); smalti models stays tells more']
    >>> notes_of({"stays": drift, "buys": drift}, {})
    ['stays and buys: 1 of 1 input has drifted since the run before (age); smalti models stays tells more']
    """
    told = []
    alike: dict[tuple[tuple[str, bool], ...], list[str]] = {}
    for name, drifts in found.items():
        title = str((models.get(name) or {}).get("title") or name)
        told += [f"{title}: {one['sentence']}" for one in drifts if one["kind"] == "calibration" and one["alarm"]]
        inputs = tuple((str(one["title"]), bool(one["alarm"])) for one in drifts if one["kind"] == "input")
        if any(alarm for _, alarm in inputs):
            alike.setdefault(inputs, []).append(name)
    return told + [_moved_of(names, inputs, models) for inputs, names in alike.items()]


def _moved_of(names: Sequence[str], inputs: Sequence[tuple[str, bool]], models: Mapping[str, Mapping[str, Any]]) -> str:
    """Say which inputs of models with the same ones have moved."""
    titles = [str((models.get(name) or {}).get("title") or name) for name in names]
    more = f"{len(titles) - 3} more" if len(titles) > 4 else titles[-1]
    first = titles[: 3 if len(titles) > 4 else -1]
    moved = [title for title, alarm in inputs if alarm]
    few = ", ".join(moved[:3]) + (f" and {len(moved) - 3} more" if len(moved) > 3 else "")
    verb = "has" if len(moved) == 1 else "have"
    return (
        f"{', '.join(first)}{' and ' if first else ''}{more}: {len(moved)} of {len(inputs)} "
        f"input{'s' if len(inputs) != 1 else ''} {verb} drifted since the run before ({few}); "
        f"smalti models {names[0]} tells more"
    )


class _Inputs:
    """The inputs of models, then and now; each looked at once however many models have it."""

    def __init__(self, previous: RunFolder, today: Today) -> None:
        self._then, self._now, self._today = previous.table("customers"), today.customers, today
        self._at, self._day = int(previous.info["as_of_microseconds"]), day_of(previous.info["as_of_microseconds"])
        self._types = previous.info.get("types") or {}
        ids = self._then["customer_id"].combine_chunks()
        self._same = np.asarray(pc.fill_null(pc.index_in(self._now["customer_id"], ids), -1), dtype=np.int64)
        self._bins: dict[tuple[str, str], list[dict[str, Any]]] = {}
        if "model_inputs" in previous.tables:
            for row in previous.table("model_inputs").to_pylist():
                self._bins.setdefault((row["model"], row["input"]), []).append(row)
        self._known: dict[str, tuple[_Input, _Input]] = {}

    def of(self, name: str, model: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Compare all inputs of a model that both runs have."""
        names = [str(one["name"]) for one in model.get("inputs") or ()] or list(_ALWAYS.get(str(model.get("what")), ()))
        rows = self._for_whom(name)
        told = [one for one in (self._one(name, put, *rows) for put in names) if one is not None]
        for one, q_value in zip(told, false_discoveries([one["p_value"] for one in told]), strict=True):
            one["q_value"] = q_value
            one["alarm"] = q_value <= ALPHA and one["moved"] >= LEAST_MOVED
        return sorted(told, key=lambda one: (not one["alarm"], -one["moved"], one["input"]))

    def _for_whom(self, name: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Give the rows of those of whom a score is foretold, then and now; everybody where it is no column of both."""
        both = self._then, self._now
        if not all(name in table.column_names for table in both):
            return np.ones(self._then.num_rows, np.bool_), np.ones(self._now.num_rows, np.bool_)
        then, now = (np.asarray(table[name].is_valid(), dtype=np.bool_) for table in both)
        return then, now

    def _one(
        self, model: str, name: str, then: npt.NDArray[np.bool_], now: npt.NDArray[np.bool_]
    ) -> dict[str, Any] | None:
        if not self._comparable(name) or not then.any() or not now.any():
            return None
        before, after = self._values(name)
        rows = self._bins.get((model, name))
        bins = bins_from_rows(rows) if rows else bins_of(_Input(name, before.kind, before.values[then]))
        if bins.kind != before.kind:
            return None
        place = np.full(len(then), -1)
        place[then] = np.arange(int(then.sum()))
        same = np.where(self._same >= 0, place[self._same], -1)[now]
        values = before.values[then], after.values[now]
        if self._only_ages(values, same):
            return None
        shift = panel_drift(bins.place(values[0]), bins.place(values[1]), same, len(bins.bins))
        return self._told(name, shift, self._typical(bins, values, self._today.types[name]))

    def _only_ages(self, values: tuple[npt.NDArray[Any], npt.NDArray[Any]], same: npt.NDArray[np.int64]) -> bool:
        """Tell whether an input counts the time since an instant that stays: it has grown by the time passed for everybody."""
        passed = (self._today.at - self._at) / DAY
        if passed <= 0 or values[0].dtype == object:
            return False
        grown = values[1][same >= 0] - values[0][same[same >= 0]]
        known = grown[~np.isnan(grown)]
        return bool(known.size) and bool(np.allclose(known, passed, rtol=0, atol=_EXACT))

    def _comparable(self, name: str) -> bool:
        there = all(name in table.column_names for table in (self._then, self._now))
        return there and self._types.get(name) == self._today.types.get(name)

    def _values(self, name: str) -> tuple[_Input, _Input]:
        if name not in self._known:
            kind, scale = self._today.types[name], self._today.currency.scale
            then = _values(self._then[name], kind, self._at, scale)
            now = _values(self._now[name], kind, self._today.at, scale)
            what = "category" if kind is Type.TEXT else "number"
            self._known[name] = _Input(name, what, then), _Input(name, what, now)
        return self._known[name]

    def _told(self, name: str, shift: Shift, typical: str) -> dict[str, Any]:
        title = str(self._today.titles.get(name) or name.replace("_", " "))
        percent = f"{shift.moved * 100:.0f} %" if shift.moved >= 0.01 else "less than 1 %"
        return {
            "kind": "input",
            "input": name,
            "title": title,
            "since": self._day,
            **asdict(shift),
            "sentence": f"{title}: {percent} of the customers have moved since the run as of {self._day}{typical}",
        }

    def _typical(self, bins: Bins, values: tuple[npt.NDArray[Any], npt.NDArray[Any]], kind: Type) -> str:
        """Say what was typical then and is now: the median, or the category whose share has changed most."""
        if bins.kind == "number":
            middles = [np.median(one[~np.isnan(one)]) if (~np.isnan(one)).any() else None for one in values]
            then, now = (self._number(one, kind) for one in middles)
            return f" (median {then} then, {now} now)"
        counts = [np.bincount(bins.place(one), minlength=len(bins.bins)) / max(len(one), 1) for one in values]
        most = int(np.abs(counts[0] - counts[1]).argmax())
        called = bins.bins[most].category or {"other": "others", "missing": "not known"}[bins.bins[most].holds]
        return f" ({called}: {counts[0][most] * 100:.0f} % then, {counts[1][most] * 100:.0f} % now)"

    def _number(self, value: Any, kind: Type) -> str:
        if value is None:
            return "not known"
        if kind is Type.MONEY:
            return format_minor(round(float(value)), self._today.currency)
        return (
            f"{float(value):,.3g}{_DAYS.get(kind, '')}" if abs(value) < 1000 else f"{value:,.0f}{_DAYS.get(kind, '')}"
        )


def _values(column: pa.ChunkedArray, kind: Type, at: Instant, scale: int) -> npt.NDArray[Any]:
    """Give a published column as models take it: see `smalti.engine.foresight.inputs`."""
    if kind is Type.TEXT:
        return np.array(column.to_pylist(), dtype=object)
    missing = np.asarray(column.is_null())
    if kind in (Type.INSTANT, Type.DURATION):
        whole = np.asarray(pc.fill_null(pc.cast(column, pa.int64()), 0), dtype=np.int64)
        return np.where(missing, np.nan, (at - whole if kind is Type.INSTANT else whole) / DAY)
    if kind is Type.BOOLEAN:
        column = pc.cast(column, pa.int8())
    values = np.asarray(pc.fill_null(pc.cast(column, pa.float64()), 0.0), dtype=np.float64)
    if kind is Type.MONEY:
        values = np.rint(values * scale)
    return np.where(missing, np.nan, values)


def _of_buying(earlier: Earlier, today: Today) -> dict[str, Came]:
    """Give what the models of buying and of spend foretold in an earlier run, and what came since."""
    known = purchases_since(earlier, today.customers, today.at)
    if known is None or not known[1].num_rows:
        return {}
    run, seen = known
    models = run.folder.info.get("models") or {}
    buying = models.get("buying") or {}
    column: Callable[[str], Any] = lambda name: np.asarray(pc.cast(seen[name], pa.float64()))  # noqa: E731
    if not buying.get("fitted"):
        return {}
    try:
        model = repeat_buying_from_dict(buying["parameters"])
        first, days = column("days_since_first_order"), column("purchase_days")
        age = np.floor(first)
        between = np.clip(np.floor(first - column("days_since_order")), np.minimum(1.0, age), age)
        recency = np.where(days > 1, between, 0.0)
        expected = model.expected_purchases(days - 1, recency, age, (today.at - run.at) / DAY)
    except (ModelError, KeyError, TypeError):
        return {}
    found = {"buying": Came(run.at, today.at, "amount", "purchases", expected, column("later_days"))}
    back = column("later_days") > 0
    if (models.get("spend") or {}).get("fitted") and "expected_order_value" in seen.column_names:
        worth = np.nan_to_num(column("expected_order_value")) * column("later_days") * today.currency.scale
        spent = column("later_spend") * today.currency.scale
        found["spend"] = Came(run.at, today.at, "amount", ON_DAYS, worth[back], spent[back])
    return found


def _calibration(came: Came, today: Today) -> dict[str, Any] | None:
    """Tell what came of what was foretold; None where there is too little to compare."""
    try:
        found = foretold(came.forecast, came.outcome, came.task)
    except ModelError:
        return None
    alarm = found.off or found.blurred
    return {
        "kind": "calibration",
        "since": day_of(came.at),
        "until": day_of(came.until),
        "task": came.task,
        "unit": came.unit,
        **asdict(found),
        "alarm": alarm,
        "sentence": _foretold(came, found, today),
    }


def _foretold(came: Came, found: Foretold, today: Today) -> str:
    said: Callable[[float], str] = lambda value: (  # noqa: E731
        format_minor(round(value), today.currency, whole=True) if came.unit in _MONEY else f"{value:,.0f}"
    )
    customers, until = f"of {found.customers:,} customers", f"by {day_of(came.until)}"
    expected, observed, often = said(found.expected), said(found.observed), "times as many"
    if came.task == "chance":
        what = f"it was foretold to come to {expected} {customers} {until}, and came to {observed}"
    elif came.unit == "purchases":
        what = f"{expected} purchases were foretold {customers} {until}, and {observed} came"
    else:
        often = "times as much"
        days = f" for the days on which they bought {until}" if came.unit == ON_DAYS else f" {until}"
        total = "" if came.unit in _MONEY else "a total of "
        what = f"{total}{expected} was foretold {customers}{days}, and {observed} came"
    interval = f"{found.ratio:.2f} {often} ({found.ratio_low:.2f} to {found.ratio_high:.2f})"
    told = f"as of {day_of(came.at)}, {what}: {interval}"
    if found.slope is None:
        return told
    if found.blurred:
        why = "too far apart" if found.slope < 1 else "too near each other"
        return (
            f"{told}; forecasts were {why} (slope {found.slope:.2f}, {found.slope_low:.2f} to {found.slope_high:.2f})"
        )
    return f"{told}, as near as chance allows" if found.ratio_low <= 1 <= found.ratio_high else told
