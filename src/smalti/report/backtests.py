"""A back-test for a reader: forecasts against what came, as points on a plane, bars by tenth, and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from smalti.facts import Currency
from smalti.models import BackTest, Band, Measure
from smalti.report.density import Scale, fit_scale
from smalti.report.writing import NOTHING, Pen, count, share, spoken

SHOWN = 12
"""Rows told of a table at once; the others are folded away."""
_ROOM = 1.04
_RANGE = re.compile(r"(-?[\d.,]+(?:e[+-]?\d+)?) to (-?[\d.,]+(?:e[+-]?\d+)?)")
_MEANINGS = {
    "area under the roc curve": "how often a customer to whom it came stood above one to whom it did not; a coin has 0.5",
    "average precision": "how many of those placed first were right, over all places to cut",
    "share explained": "how much of the difference between customers is foretold; 0 is the same for everybody, 1 is all",
    "log loss": "how surprised the forecast was by what came; less is better",
    "log score": "how surprised the forecast was by what came; less is better",
    "log-likelihood": "how likely the model thought what came; more is better",
    "brier score": "mean squared distance of the chance from what came; less is better",
    "calibration in the large": "what came over what was foretold; 1 is right",
    "calibration intercept, as odds": "odds of what came over odds of what was foretold; 1 is right",
    "predicted / observed": "all that was foretold over all that came; 1 is right",
    "calibration slope": "1 is right; below 1 the forecasts are too far apart, above 1 too near each other",
    "foretold for each that came": "all that was foretold over all that came; 1 is right",
    "foretold over actual": "all that was foretold over all that came; 1 is right",
    "mean absolute error": "how far a forecast is from what came, on average; less is better",
    "root mean squared error": "the same, where large misses weigh more; less is better",
    "error by cohort": "how far off whole cohorts are, as a share of what came; less is better",
    "error by frequency": "how far off customers with as many orders are, as a share of what came; less is better",
    "correlation": "how nearly forecasts and what came rise together; 1 at most",
    "hit rate": "how often what was bought next was among those named; more is better",
    "within the interval": "how often what came lay within the interval",
    "coverage": "how often what came lay within the interval",
    "lift": "how many times the average those placed first had",
    "total": "all that was foretold over all that came; 1 is right",
}


@dataclass(frozen=True)
class Point:
    """Customers with like forecasts, on a plane of 100 by 100 with its origin at the lower left.

    Attributes:
        x: Where their forecast is.
        y: Where what came is.
        low: Where its interval begins.
        high: Where it ends.
        held: Whether the forecast lies within it.
        tip: All of it in words.
    """

    x: float
    y: float
    low: float
    high: float
    held: bool
    tip: str


@dataclass(frozen=True)
class Tick:
    """One label of an axis.

    Attributes:
        at: Where, from 0 to 100.
        text: What it says.
    """

    at: float
    text: str


@dataclass(frozen=True)
class Curve:
    """Forecasts against what came.

    Attributes:
        points: The bands.
        ticks: The labels of both axes.
        summary: What is seen, a sentence.
    """

    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]
    summary: str


@dataclass(frozen=True)
class Tenth:
    """A tenth of the customers by forecast.

    Attributes:
        name: Which one.
        foretold: The mean forecast.
        came: What came.
        times: What came over the average, such as `3.1 ×`.
        bar: What came, as a share of the longest bar, 0 to 1.
        mark: The forecast on the same scale.
    """

    name: str
    foretold: str
    came: str
    times: str
    bar: float
    mark: float


@dataclass(frozen=True)
class Row:
    """One cut-off or cohort.

    Attributes:
        name: Which one.
        customers: How many.
        foretold: The mean forecast.
        came: What came.
        interval: Its interval, or nothing.
        held: Whether the forecast lies within it; None where there is no interval.
    """

    name: str
    customers: str
    foretold: str
    came: str
    interval: str
    held: bool | None


@dataclass(frozen=True)
class Score:
    """One measure of one forecaster.

    Attributes:
        text: The number.
        interval: Its interval, or nothing.
        best: Whether no other forecaster does better.
    """

    text: str
    interval: str
    best: bool


@dataclass(frozen=True)
class Compared:
    """One measure of all forecasters.

    Attributes:
        name: What is measured.
        meaning: What it means.
        scores: One for each forecaster; None where it was not taken.
    """

    name: str
    meaning: str
    scores: tuple[Score | None, ...]


@dataclass(frozen=True)
class Trial:
    """A back-test, told.

    Attributes:
        outcome: What was foretold.
        ground: Where it stood and how many forecasts were compared, a sentence.
        verdict: Whether it is worth having, a sentence.
        curve: Forecasts against what came, None where they were not put into bands.
        groups: The same as rows.
        chances: Of amounts: chances of anything at all against how often there was anything, None where not told.
        lift: Tenths by forecast, the highest first.
        lift_summary: What they show, a sentence.
        over_time: One row for each cut-off, or, of contracts, for each number of periods ahead.
        over_time_title: What these rows are, and what the first column is.
        resembles: Whether it is likeness that was tried: no chance, so nothing was foretold.
        cohorts: One row for each cohort.
        forecasters: Names of those compared, the model first.
        measures: How they did.
        warnings: What to know before believing it.
    """

    outcome: str
    ground: str
    verdict: str
    curve: Curve | None
    groups: tuple[Row, ...]
    chances: Curve | None
    lift: tuple[Tenth, ...]
    lift_summary: str
    over_time: tuple[Row, ...]
    cohorts: tuple[Row, ...]
    forecasters: tuple[str, ...]
    measures: tuple[Compared, ...]
    warnings: tuple[str, ...]
    over_time_title: tuple[str, str] = ("From one instant to the next", "As of")
    resembles: bool = False


def tell_backtest(test: BackTest, pen: Pen, *, what: str = "", unit: str = "") -> Trial:
    """Tell a back-test in words, places on a plane, and bars.

    Args:
        test: The back-test.
        pen: Writes money and days.
        what: What the model is of, such as `renewal`; of a `look_alike` it is told as resemblance.
        unit: What the model counts in; it says of an amount whether it is money or a plain number.

    >>> band = Band("tenth 1", 100, 0.5, 0.52, 0.42, 0.62)
    >>> told = tell_backtest(BackTest("an order", "chance", 90, (0,), 100, calibration=(band,)), Pen(Currency("EUR")))
    >>> told.ground
    'Tested on 100 forecasts of an order, made as of 1 January 1970.'
    >>> told.curve.summary
    'The forecast held in the only group of like customers.'
    """
    test, pen = _in_unit(test, unit), pen_of(unit or test.unit, pen)
    resembles = what == "look_alike"
    forecasters = tuple(dict.fromkeys(["model", *(one.of for one in test.measures)]))
    names = tuple(dict.fromkeys(one.name for one in test.measures))
    return Trial(
        test.outcome,
        _ground(test, pen) if not resembles else _hidden(test, pen),
        test.verdict,
        _curve(test.calibration, test.unit, pen) if test.calibration else None,
        tuple(_row(band, test.unit, pen) for band in test.calibration),
        _curve(test.chances, "chance", pen) if test.chances else None,
        _lift(test, pen),
        _lift_summary(test) if not resembles else found_again(test),
        tuple(_row(band, test.unit, pen) for band in test.over_time),
        tuple(_row(band, test.unit, pen) for band in test.cohorts),
        forecasters if test.measures else (),
        tuple(_compared(name, test, forecasters, pen) for name in names),
        test.warnings,
        ("Looking one period ahead, and more", "Ahead")
        if what == "renewal"
        else ("From one instant to the next", "As of"),
        resembles,
    )


def _in_unit(test: BackTest, unit: str) -> BackTest:
    """Take the model's word on what an amount is counted in; its bands of money are named in money by `_named`."""
    return replace(test, unit=unit) if test.unit == "money" and (unit == "number" or unit.endswith(" minor")) else test


def pen_of(unit: str, pen: Pen) -> Pen:
    """Give a pen for money of a unit such as `EUR minor`.

    >>> pen_of("EUR minor", Pen(Currency("GBP"))).currency.code, pen_of("money", Pen(Currency("GBP"))).currency.code
    ('EUR', 'GBP')
    """
    code, _, word = unit.partition(" ")
    return Pen(Currency(code), pen.time_zone) if word == "minor" and code != pen.currency.code else pen


def _is_money(unit: str) -> bool:
    return unit == "money" or unit.endswith("minor")


def _named(name: str, unit: str, pen: Pen) -> str:
    """Write the name of a band that says from which amount to which as money, where it is money."""
    found = _RANGE.fullmatch(name) if _is_money(unit) else None
    if found is None:
        return name
    low, high = (pen.round_money(round(float(end.replace(",", "")))) for end in found.groups())
    return f"{low} to {high}"


def _hidden(test: BackTest, pen: Pen) -> str:
    when = f", as of {pen.day(_iso(test.cut_offs[0]))}" if test.cut_offs else ""
    return f"Tried{when}: {count(test.customers, 'member')} were hidden among all others, and looked for by likeness alone."


def found_again(test: BackTest) -> str:
    r"""Say of a likeness which share of hidden members was among the tenth most alike; nothing where it was not tried.

    >>> bands = (Band("tenth 1", 100, 0.1, 0.4), *(Band(f"tenth {n}", 100, 0.1, 0.06667) for n in range(2, 11)))
    >>> found_again(BackTest("hidden members", "chance", 0, (), 100, lift=bands)).replace("\xa0", " ")
    'Of the members that were hidden, 40 % were found among the tenth most alike; by chance it would be 10 %.'
    """
    held = [band.observed * band.customers for band in test.lift]
    if not sum(held) > 0:
        return ""
    by_chance = test.lift[0].customers / sum(band.customers for band in test.lift)
    return (
        f"Of the members that were hidden, {share(held[0] / sum(held))} were found among the tenth most alike; "
        f"by chance it would be {share(round(by_chance, 2))}."
    )


def amount(value: float, unit: str, pen: Pen) -> str:
    r"""Write a forecast, or what came, in its unit.

    >>> from smalti.facts import Currency
    >>> pen = Pen(Currency("GBP"))
    >>> amount(0.25, "chance", pen).replace("\xa0", " "), amount(12550, "GBP minor", pen), amount(1.234, "purchases", pen)
    ('25 %', '£126', '1.23')
    """
    if unit == "chance":
        return share(value)
    if _is_money(unit):
        return pen.round_money(value)
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def _ground(test: BackTest, pen: Pen) -> str:
    days = [pen.day(_iso(at)) for at in test.cut_offs]
    when = ""
    if days:
        when = f", made as of {' and '.join(days) if len(days) < 3 else f'{len(days)} instants from {days[0]} to {days[-1]}'}"
    return f"Tested on {count(test.customers, 'forecast')} of {test.outcome}{when}."


def _iso(at: int) -> str:
    return str(np.datetime64(at, "us")) + "+00:00"


def _curve(bands: Sequence[Band], unit: str, pen: Pen) -> Curve:
    ends = np.array([end for one in bands for end in (one.predicted, one.observed, one.high) if end is not None])
    scale = _scale(ends, unit)
    points = tuple(_point(band, scale, unit, pen) for band in bands)
    ticks = tuple(Tick(_at(tick, scale), _label(tick, unit, pen)) for tick in _ticks(scale, unit))
    return Curve(points, ticks, _held([one.held for one in bands if one.low is not None]))


def _label(tick: float, unit: str, pen: Pen) -> str:
    text = amount(tick, unit, pen)
    return text.rstrip("0").rstrip(".") if text.replace(".", "").isdigit() and "." in text else text


def _scale(ends: np.typing.NDArray[np.float64], unit: str) -> Scale:
    """Give chances a straight scale and amounts one that is logarithmic far from zero."""
    top = float(ends.max(initial=0.0)) * _ROOM
    if unit == "chance":
        high = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if top <= step or step == 1.0)
        return Scale(high * 1e6, 0.0, high)
    fitted = fit_scale(ends)
    return Scale(fitted.knee, 0.0, max(top, fitted.knee))


def _ticks(scale: Scale, unit: str) -> list[float]:
    return [scale.high * part / 4 for part in range(5)] if unit == "chance" else scale.ticks(0.16)


def _at(value: float, scale: Scale) -> float:
    return round(float(scale.position(np.array([value]))[0]) * 100, 2)


def _point(band: Band, scale: Scale, unit: str, pen: Pen) -> Point:
    low, high = (band.observed if end is None else end for end in (band.low, band.high))
    between = f", {_between(band, unit, pen)}" if band.low is not None else ""
    tip = (
        f"{spoken(_named(band.name, unit, pen))}, {count(band.customers, 'customer')}; "
        f"foretold {amount(band.predicted, unit, pen)}; came {amount(band.observed, unit, pen)}{between}"
    )
    at = [_at(value, scale) for value in (band.predicted, band.observed, low, high)]
    return Point(at[0], at[1], at[2], at[3], band.held or band.low is None, tip)


def _between(band: Band, unit: str, pen: Pen) -> str:
    if band.low is None or band.high is None:
        return ""
    return f"{amount(band.low, unit, pen)} to {amount(band.high, unit, pen)}"


def _held(held: Sequence[bool]) -> str:
    if not held:
        return ""
    if len(held) == 1:
        return f"The forecast {'held' if held[0] else 'did not hold'} in the only group of like customers."
    if all(held):
        return f"Forecasts held in all {len(held)} groups of like customers: what came lies as near to them as chance allows."
    return f"Forecasts held in {sum(held)} of {len(held)} groups of like customers; the others were off by more than chance."


def _lift(test: BackTest, pen: Pen) -> tuple[Tenth, ...]:
    if not test.lift:
        return ()
    mean = _mean(test.lift)
    longest = max(max(band.observed, band.predicted) for band in test.lift) or 1.0
    return tuple(
        Tenth(
            f"{place}",
            amount(band.predicted, test.unit, pen),
            amount(band.observed, test.unit, pen),
            _times(band.observed / mean) if mean > 0 else NOTHING,
            max(band.observed, 0.0) / longest,
            max(band.predicted, 0.0) / longest,
        )
        for place, band in enumerate(test.lift, start=1)
    )


def _times(ratio: float) -> str:
    return "<0.1 ×" if 0 < ratio < 0.05 else f"{ratio:.1f} ×"


def _mean(bands: Sequence[Band]) -> float:
    customers = sum(band.customers for band in bands)
    return sum(band.observed * band.customers for band in bands) / customers if customers else 0.0


def _lift_summary(test: BackTest) -> str:
    mean = _mean(test.lift) if test.lift else 0.0
    if mean <= 0:
        return ""
    first = test.lift[0]
    whole = mean * sum(band.customers for band in test.lift)
    return (
        f"The tenth with the highest forecasts had {first.observed / mean:.1f} times the average: "
        f"{share(first.observed * first.customers / whole)} of all that came."
    )


def _row(band: Band, unit: str, pen: Pen) -> Row:
    return Row(
        _named(band.name, unit, pen),
        count(band.customers),
        amount(band.predicted, unit, pen),
        amount(band.observed, unit, pen),
        _between(band, unit, pen),
        band.held if band.low is not None else None,
    )


def _compared(name: str, test: BackTest, forecasters: Sequence[str], pen: Pen) -> Compared:
    taken = [test.measure(name, of) for of in forecasters]
    best = min((_badness(one) for one in taken if one is not None), default=0.0)
    return Compared(
        spoken(name),
        next((told for key, told in _MEANINGS.items() if key in name.lower()), ""),
        tuple(
            None
            if one is None
            else Score(_number(one, one.value, test, pen), _range(one, test, pen), _badness(one) <= best)
            for one in taken
        ),
    )


def _badness(one: Measure) -> float:
    return {"higher": -one.value, "lower": one.value, "nearer": abs(one.value - 1)}[one.better]


_IN_THE_UNIT = {"mean absolute error", "root mean squared error"}
"""Measures in the unit of what is foretold; all others are shares, ratios and the like."""


def _number(one: Measure, value: float, test: BackTest, pen: Pen) -> str:
    if _is_money(test.unit) and one.name.lower() in _IN_THE_UNIT:
        return pen.round_money(value)
    return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def _range(one: Measure, test: BackTest, pen: Pen) -> str:
    if one.low is None or one.high is None:
        return ""
    return f"{_number(one, one.low, test, pen)} to {_number(one, one.high, test, pen)}"
