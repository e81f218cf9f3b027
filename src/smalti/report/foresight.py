"""What is to come: what the models foretell for all customers together, and how far each of them is to be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.errors import ModelError
from smalti.models import BackTest
from smalti.report.backtests import Trial, amount, found_again, pen_of, tell_backtest
from smalti.report.columns import Flags, minor_column
from smalti.report.matter import Matter
from smalti.report.writing import count, named, share, spoken, stop

DAY = 86_400_000_000
"""Microseconds in 24 hours."""
SHOWN = 6
"""Drifted inputs and next products that are told at once."""
_REACHES = ((30, "within 30 days"), (90, "in 31 to 90 days"), (180, "in 91 to 180 days"), (365, "in 181 to 365 days"))
_KINDS = {
    "buying": "who is still a customer, and how often she buys",
    "spend": "how much she spends on a day with an order",
    "score": "a score of your own",
    "look_alike": "who resembles a segment",
    "renewal": "who renews a contract",
    "effect": "what an arm of an experiment does for her",
    "sensitivity": "who buys on offer, and more when it is cheaper",
    "discount_sensitivity": "who buys on offer",
    "price_sensitivity_index": "who buys more when it is cheaper",
    "categories": "the category she buys from next",
    "products": "the product she buys next",
}
"""What models are of, by kind, and by name where there are several of a kind."""


_OWN = ("score", "look_alike", "renewal")
"""Kinds of models that a project names itself."""


@dataclass(frozen=True)
class Figure:
    """One number about all customers.

    Attributes:
        title: What it is.
        text: The number.
        about: What it means.
    """

    title: str
    text: str
    about: str


@dataclass(frozen=True)
class Step:
    """Customers by when something is expected, or by what.

    Attributes:
        title: When, or what.
        text: How many.
        bar: Their share of the largest, 0 to 1.
    """

    title: str
    text: str
    bar: float


@dataclass(frozen=True)
class Steps:
    """All customers by one thing that is expected.

    Attributes:
        title: What is expected.
        about: How that is meant.
        steps: By when, or what.
    """

    title: str
    about: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Change:
    """What has changed since an earlier run.

    Attributes:
        alarm: Whether it asks for a look.
        text: The sentence.
    """

    alarm: bool
    text: str


@dataclass(frozen=True)
class Foretelling:
    """One model.

    Attributes:
        name: Its name in the run.
        title: What it is called: a score by its own name, any other model by what it foretells.
        kind: What it is of, or, of any but a score, which model it is.
        fitted: Whether there is a model.
        sentence: What it is, or why it is not there.
        now: What it foretells today for all customers, a sentence, or nothing.
        ground: When and to what it was fitted, a sentence.
        tested: Its back-test, None where there is none.
        changes: What has drifted since an earlier run, alarms first.
        drifted: The same in a few words.
        steady: How many inputs were compared and found as they were, a sentence, or nothing.
        notes: What else to know.
    """

    name: str
    title: str
    kind: str
    fitted: bool
    sentence: str
    now: str
    ground: str
    tested: Trial | None
    changes: tuple[Change, ...]
    drifted: str
    steady: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Foresight:
    """The chapter.

    Attributes:
        figures: What is expected of all customers together.
        steps: Customers by when and what.
        models: The models.
    """

    figures: tuple[Figure, ...]
    steps: tuple[Steps, ...]
    models: tuple[Foretelling, ...]


def foresight(matter: Matter) -> Foresight | None:
    """Tell what is to come; None where no model was asked for.

    >>> foresight(Matter({}, {})) is None
    True
    """
    models = matter.info.get("models") or {}
    if not models:
        return None
    return Foresight(_figures(matter), _steps(matter), tell_models(matter.info, matter.tables))


def tell_models(info: Mapping[str, Any], tables: Mapping[str, pa.Table] | None = None) -> tuple[Foretelling, ...]:
    """Tell the models of a run, in its order there.

    Args:
        info: The run's `run.json`.
        tables: Its tables; with `customers` it is told what a model foretells today.

    >>> tell_models({"models": {"spend": {"title": "Own average", "fitted": False, "sentence": "too few"}}})[0].title
    'How much she spends on a day with an order'
    """
    matter = Matter(info, tables or {})
    return tuple(foretelling(matter, str(name), model) for name, model in (info.get("models") or {}).items())


def foretelling(matter: Matter, name: str, model: Mapping[str, Any]) -> Foretelling:
    """Tell one model of a run.

    >>> told = foretelling(Matter({}, {}), "will_buy", {"what": "score", "fitted": False, "sentence": "too few customers"})
    >>> told.title, told.kind, told.sentence
    ('Will buy', 'a score of your own', 'Too few customers.')
    """
    drift, tested = list(model.get("drift") or ()), _tested(matter, model)
    title, kind = _called(name, model)
    return Foretelling(
        name,
        title,
        kind,
        bool(model.get("fitted")),
        _sentence(str(model.get("sentence") or ""), tested),
        _now(matter, name, model),
        _ground(matter, model) if model.get("fitted") else "",
        tested,
        _changes(drift),
        _drifted(drift),
        _steady(drift),
        tuple(stop(str(note)) for note in model.get("notes") or ()),
    )


def _called(name: str, model: Mapping[str, Any]) -> tuple[str, str]:
    what = str(model.get("what") or name)
    title = named(spoken(str(model.get("title") or name)))
    if what in _OWN or what not in _KINDS:
        return title, _KINDS.get(what, "")
    return spoken(_KINDS.get(name, _KINDS[what])), title


def _sentence(text: str, tested: Trial | None) -> str:
    """Leave out the verdict, which is told by itself."""
    return stop(text.replace(tested.verdict, "").strip() if tested is not None and tested.verdict else text)


def _tested(matter: Matter, model: Mapping[str, Any]) -> Trial | None:
    if not model.get("backtest"):
        return None
    try:
        test = BackTest.from_dict(model["backtest"])
        unit = str(model.get("unit") or "")
        return tell_backtest(test, matter.pen, what=str(model.get("what") or ""), unit=unit)
    except (ModelError, TypeError):
        return None


def _ground(matter: Matter, model: Mapping[str, Any]) -> str:
    told = f"Fitted as of {matter.pen.day(model['fitted_at'])}" if model.get("fitted_at") else "Fitted"
    window = model.get("window")
    if window:
        told += f" to what happened from {matter.pen.day(window['from'])} to {matter.pen.day(window['to'])}"
    streams, inputs = list(model.get("streams") or ()), list(model.get("inputs") or ())
    if streams:
        told += f", in {' and '.join(streams) if len(streams) < 3 else ', '.join(streams)}"
    parameters = model.get("parameters") or {}
    if isinstance(parameters.get("customers"), int):
        told += f", of {count(parameters['customers'], 'customer')}"
    return f"{told}." + (f" It looks at {count(len(inputs), 'trait')}." if inputs else "")


def _changes(drift: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    told = [
        Change(bool(one.get("alarm")), stop(str(one.get("sentence") or "")))
        for one in drift
        if one.get("alarm") or one.get("kind") != "input"
    ]
    ordered = sorted(told, key=lambda change: not change.alarm)
    if len(ordered) <= SHOWN:
        return tuple(ordered)
    return (
        *ordered[:SHOWN],
        Change(True, f"{count(len(ordered) - SHOWN, 'further change')}: smalti models NAME tells them."),
    )


def _drifted(drift: Sequence[Mapping[str, Any]]) -> str:
    """Say in a few words what has drifted: nothing where nothing was compared."""
    if not drift:
        return ""
    moved = [one for one in drift if one.get("alarm")]
    inputs = sum(one.get("kind") == "input" for one in moved)
    told = ["what came differs"] if len(moved) > inputs else []
    told += [count(inputs, "input")] if inputs else []
    return ", ".join(told) or "none"


def _steady(drift: Sequence[Mapping[str, Any]]) -> str:
    inputs = [one for one in drift if one.get("kind") == "input"]
    if not inputs:
        return ""
    moved = sum(bool(one.get("alarm")) for one in inputs)
    since = f" since the run as of {inputs[0]['since']}" if inputs[0].get("since") else ""
    if not moved:
        return (
            f"None of its {count(len(inputs), 'input')} has drifted{since}."
            if len(inputs) > 1
            else f"Its input has not drifted{since}."
        )
    return f"{moved} of its {count(len(inputs), 'input')} {'has' if moved == 1 else 'have'} drifted{since}."


def _now(matter: Matter, name: str, model: Mapping[str, Any]) -> str:
    table = matter.tables.get("customers")
    if table is None or name not in table.column_names or not model.get("fitted"):
        return ""
    column = table[name].combine_chunks().drop_null()
    if not len(column):
        return ""
    if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type) or pa.types.is_large_string(column.type):
        best = sorted(pc.value_counts(column).to_pylist(), key=lambda one: (-one["counts"], str(one["values"])))[:3]
        told = ", ".join(f"{one['values']} ({count(one['counts'])})" for one in best)
        return f"Today, for {count(len(column), 'customer')}: most often {told}."
    if pa.types.is_decimal(column.type):
        minor, _ = minor_column(table, name, matter.pen.currency)
        return f"Today {matter.pen.round_money(int(minor.sum()))} in all, of {count(len(column), 'customer')}."
    values = np.asarray(column.cast(pa.float64()))
    if model.get("what") == "look_alike":
        return _alike(values, model)
    tried = model.get("backtest") or {}
    unit = str(model.get("unit") or tried.get("unit") or "")
    if unit == "chance":
        return _expected(values, str(tried.get("outcome") or ""), renewal=model.get("what") == "renewal")
    whole = amount(float(values.sum()), unit, pen_of(unit, matter.pen))
    return f"Today {whole} in all, of {count(len(values), 'customer')}."


def _expected(values: np.typing.NDArray[np.float64], outcome: str, *, renewal: bool) -> str:
    """Say of how many customers something is expected, and what."""
    about, those = count(round(float(values.sum()))), count(len(values), "customer")
    likely = f"{count(int((values > 0.5).sum()))} of them with a chance above {share(0.5)}."
    if renewal:
        return f"Today about {about} of {those} with a running contract are expected to renew at the next renewal; {likely}"
    return (
        f"Today about {about} of {those} are expected to have this: {outcome or 'what the score foretells'}; {likely}"
    )


def _alike(values: np.typing.NDArray[np.float64], model: Mapping[str, Any]) -> str:
    """Say what a likeness is good for: it puts customers in order, and is no chance of anything."""
    told = f"It puts {count(len(values), 'customer')} in order of resemblance; it is no chance of anything."
    try:
        again = found_again(BackTest.from_dict(model["backtest"])) if model.get("backtest") else ""
    except (ModelError, TypeError):
        again = ""
    return f"{told} {again}".strip()


def _figures(matter: Matter) -> tuple[Figure, ...]:
    table = matter.tables.get("customers")
    if table is None:
        return ()
    horizon = span_of(matter)
    told = []
    alive, known = floats(table, "p_alive")
    if known.any():
        about = f"of {count(int(known.sum()), 'customer')} who have bought"
        told.append(Figure("Still customers", f"about {count(round(float(alive[known].sum())))}", about))
    orders, known = floats(table, "expected_orders")
    if known.any():
        mean = float(orders[known].mean())
        told.append(
            Figure(
                "Orders to come", f"about {count(round(float(orders[known].sum())))}", f"in {horizon}; {mean:.2f} each"
            )
        )
    return (*told, *_value(matter, table, horizon))


def _value(matter: Matter, table: pa.Table, horizon: str) -> list[Figure]:
    pen = matter.pen
    come, known = minor_column(table, "value_to_come", pen.currency)
    if not known.any() or not come.any():
        return []
    told = [Figure("Value to come", pen.round_money(int(come[known].sum())), f"in {horizon}")]
    ends = [minor_column(table, f"value_to_come_{end}", pen.currency) for end in ("low", "high")]
    there = known & ends[0][1] & ends[1][1] & (come != 0)
    if there.any():
        middle, low, high = (float(np.median(one[there])) for one in (come, ends[0][0], ends[1][0]))
        about = f"from the middle customer; in 8 of 10 such cases between {pen.round_money(low)} and {pen.round_money(high)}"
        told.append(Figure("Of one customer", pen.round_money(middle), about))
    return told


def span_of(matter: Matter) -> str:
    """Say the horizon of the run.

    >>> span_of(Matter({"horizon": "the 90 days ahead"}, {})), span_of(Matter({}, {}))
    ('the 90 days ahead', 'the year ahead')
    """
    return str(matter.info.get("horizon") or "the year ahead")


def floats(table: pa.Table, name: str) -> tuple[np.typing.NDArray[np.float64], Flags]:
    """Read a column of numbers, and which rows have a value; nobody has one where the column is absent."""
    if name not in table.column_names:
        return np.zeros(table.num_rows), np.zeros(table.num_rows, np.bool_)
    values = np.asarray(pc.fill_null(pc.cast(table[name], pa.float64()), np.nan))
    return values, ~np.isnan(values)


def _steps(matter: Matter) -> tuple[Steps, ...]:
    table = matter.tables.get("customers")
    if table is None:
        return ()
    told = [
        _times(
            matter,
            table,
            "next_order",
            "Next order",
            "When the next order is expected, for who is likely still a customer.",
        ),
        _times(
            matter,
            table,
            "gone_by",
            "Gone if silent",
            "By when the chance of still being a customer falls below 10\N{NO-BREAK SPACE}% if nothing is heard.",
        ),
    ]
    return (*(one for one in told if one is not None), *_products(matter))


def _times(matter: Matter, table: pa.Table, name: str, title: str, about: str) -> Steps | None:
    at = matter.info.get("as_of_microseconds")
    if name not in table.column_names or at is None or table[name].null_count == table.num_rows:
        return None
    column = table[name].combine_chunks()
    ahead = (np.asarray(pc.cast(column.drop_null(), pa.int64())) - int(at)) / DAY
    edges = [-np.inf, *(days for days, _ in _REACHES), np.inf]
    counted = [int(((ahead > low) & (ahead <= high)).sum()) for low, high in pairwise(edges)]
    titles = [*(text for _, text in _REACHES), "later", "cannot be said"]
    counts = [*counted, int(column.null_count)]
    most = max(counts) or 1
    return Steps(title, about, tuple(Step(text, count(n), n / most) for text, n in zip(titles, counts, strict=True)))


def _products(matter: Matter) -> list[Steps]:
    """Count customers by the category and by the product that each is most likely to buy next."""
    table = matter.tables.get("next_products")
    if table is None or not table.num_rows:
        return []
    told = []
    first = table.filter(pc.equal(table["rank"], 1))
    for level in ("category", "product"):
        counted = pc.value_counts(first.filter(pc.equal(first["level"], level))["item"].combine_chunks()).to_pylist()
        best = sorted(counted, key=lambda one: (-one["counts"], str(one["values"])))[:SHOWN]
        if best:
            most = best[0]["counts"]
            steps = tuple(Step(named(one["values"]), count(one["counts"]), one["counts"] / most) for one in best)
            about = f"The {level} each customer is most likely to buy next, by how many customers it is."
            told.append(Steps(f"Next {level}", about, steps))
    return told
