"""Reasons in numbers, for a million customers at a time: templates filled column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Currency, Type, format_minor
from smalti.strategy.match import Match, Option
from smalti.strategy.peers import Floats, Integers

_PLACE = re.compile(r"\{(\w+)\}")


def placeholders(template: str) -> list[str]:
    """Give the names a template wants filled in.

    >>> placeholders("{p_alive} likely, {value_at_risk} at risk")
    ['p_alive', 'value_at_risk']
    """
    return _PLACE.findall(template)


def say_column(name: str, values: Floats, kind: Type, currency: Currency) -> pa.Array:
    """Write each value of a column for a reader; each different rounded value is written once.

    >>> say_column("p_alive", np.array([0.384, np.nan]), Type.NUMBER, Currency("GBP")).to_pylist()
    ['38 %', 'unknown']
    >>> say_column("p_alive", np.array([0.004]), Type.NUMBER, Currency("GBP")).to_pylist()
    ['less than 1 %']
    """
    write: Callable[[float], str]
    if kind is Type.MONEY:
        rounded, write = np.round(values), lambda value: format_minor(value, currency)
    elif name.startswith("p_"):
        rounded, write = np.round(values, 2), lambda value: f"{value * 100:.0f} %" if value else "less than 1 %"
    elif kind is Type.INTEGER or name.startswith("days_"):
        rounded, write = np.floor(values), lambda value: f"{value:,.0f}"
    else:
        rounded, write = np.round(values, 1), lambda value: f"{value:,.1f}"
    different, places = np.unique(rounded, return_inverse=True)
    words = pa.array(["unknown" if np.isnan(value) else write(value) for value in different], pa.string())
    return words.take(pa.array(places))


def fill(
    template: str, columns: Mapping[str, Floats], kinds: Mapping[str, Type], currency: Currency, rows: Integers
) -> pa.Array:
    """Fill a template for the customers at these places.

    Args:
        template: Text with ``{names}`` of columns.
        columns: Values by name, one per customer, NaN where unknown.
        kinds: Their types.
        currency: The currency of the money among them.
        rows: Places of the customers wanted.
    """
    pieces: list[pa.Array | pa.Scalar] = []
    for position, part in enumerate(_PLACE.split(template)):
        if position % 2:
            pieces.append(say_column(part, columns[part][rows], kinds[part], currency))
        else:
            pieces.append(pa.repeat(pa.scalar(part), len(rows)))
    return pc.binary_join_element_wise(*pieces, "")


def reasons(
    options: Sequence[Option],
    chosen: Integers,
    columns: Mapping[str, Floats],
    kinds: Mapping[str, Type],
    currency: Currency,
) -> pa.Array:
    """Give each customer the reason for the option chosen for her."""
    texts, places = [], []
    for position, option in enumerate(options):
        rows = np.flatnonzero(chosen == position)
        texts.append(fill(option.definition.because, columns, kinds, currency, rows).cast(pa.string()))
        places.append(rows)
    return pa.concat_arrays(texts).take(pa.array(np.argsort(np.concatenate(places))))


def why_not(options: Sequence[Option], found: Match, currency: Currency) -> tuple[pa.Array, pa.Array]:
    """Say why the next best was not chosen: for the primary strategy and for the secondary.

    The primary is set against the best of all others, the secondary against the best that is neither.
    """
    gains = np.stack([option.gain for option in options])
    everyone = np.arange(gains.shape[1])
    spare = np.where(found.runner_up >= 0, gains[found.runner_up, everyone], -np.inf)
    rival = np.where(spare > gains[found.secondary, everyone], found.runner_up, found.secondary)
    return (
        _compared(options, gains, rival, found.primary, currency),
        _compared(options, gains, found.runner_up, found.secondary, currency),
    )


def _compared(
    options: Sequence[Option], gains: Floats, rival: Integers, chosen: Integers, currency: Currency
) -> pa.Array:
    everyone = np.arange(gains.shape[1])
    highs, lows = np.stack([option.high for option in options]), np.stack([option.low for option in options])
    own, other = gains[chosen, everyone], gains[rival, everyone]
    titles = pa.array([option.definition.title for option in options]).take(pa.array(np.maximum(rival, 0)))
    expected = say_column("gain", other, Type.MONEY, currency)
    less = np.where(
        own >= other,
        np.array(say_column("less", own - other, Type.MONEY, currency)) + " less",
        np.array(say_column("more", other - own, Type.MONEY, currency))
        + " more, but by the same mechanism as the primary",
    )
    behind, ahead = np.where(own >= other, [rival, chosen], [chosen, rival])
    overlap = (highs[behind, everyone] > np.maximum(own, other)) & (lows[ahead, everyone] < np.minimum(own, other))
    close = np.where(overlap, ", within the doubt of both", "")
    text = pc.binary_join_element_wise(
        "not ", titles, ": ", expected, " expected, ", pa.array(less), pa.array(close), ""
    )
    return pc.if_else(pa.array(rival >= 0), text, pa.scalar("nothing else is possible for this customer"))
