"""What a run tells of each of its models: one form for all, so that a page, a terminal and the next run read one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from smalti.facts import Instant, format_instant
from smalti.models import BackTest

What: TypeAlias = Literal["buying", "spend", "score", "products", "look_alike", "renewal", "sensitivity", "effect"]
"""What a model is of."""
VERSION = 1
"""The version of the stored form; one that a reader does not know it refuses."""
IN_TABLE: Mapping[str, Any] = {"table": "models.parquet"}
"""What `parameters` says where they are too many for ``run.json``."""


@dataclass(frozen=True)
class Input:
    """One input of a model.

    Attributes:
        name: The trait or column.
        kind: `number` or `category`.
        unit: What a number is counted in, such as `GBP minor` or `days`; empty where it is a plain number.
    """

    name: str
    kind: Literal["number", "category"]
    unit: str = ""

    def told(self) -> dict[str, str]:
        """Give what ``run.json`` says of it."""
        return {"name": self.name, "kind": self.kind, "unit": self.unit}


@dataclass(frozen=True)
class Modelled:
    """One model of a run, as it is told.

    Attributes:
        name: Its key in ``run.json`` and in the tables of the run.
        title: What people call it.
        what: What it is of.
        fitted: Whether there is a model; where not, `sentence` says why.
        sentence: What it is and how well it does, or why it is not there.
        fitted_at: The as-of instant of the fit, microseconds UTC; nothing later was seen.
        window: First and last instant of the facts that it was fitted to; None where unknown.
        unit: What its forecast is counted in, such as `chance`, `GBP minor` or `purchases`.
        currency: The currency of its money; empty where it knows none.
        streams: The streams it was fitted to, in order of name.
        inputs: What it takes.
        parameters: Its parameters, few enough to be read; `IN_TABLE` where they are in a table; None where there are none.
        backtest: How it did on a past that it had not seen.
        drift: What has changed since the last run, each as told.
        notes: What a reader should know, in sentences.

    Examples:
        >>> one = Modelled("buying", "buying while a customer", "buying", True, "Fitted to 1,411 customers.", fitted_at=0)
        >>> told = one.told()
        >>> told["version"], told["fitted_at"], told["window"], told["inputs"]
        (1, '1970-01-01', None, [])
    """

    name: str
    title: str
    what: What
    fitted: bool
    sentence: str
    fitted_at: Instant
    window: tuple[Instant, Instant] | None = None
    unit: str = ""
    currency: str = ""
    streams: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    parameters: Mapping[str, Any] | None = None
    backtest: BackTest | None = None
    drift: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Give what ``run.json`` says of it."""
        window = None
        if self.window is not None:
            window = {"from": format_instant(self.window[0]), "to": format_instant(self.window[1])}
        return {
            "title": self.title,
            "what": self.what,
            "fitted": self.fitted,
            "sentence": self.sentence,
            "version": VERSION,
            "fitted_at": format_instant(self.fitted_at),
            "window": window,
            "unit": self.unit,
            "currency": self.currency,
            "streams": list(self.streams),
            "inputs": [one.told() for one in self.inputs],
            "parameters": dict(self.parameters) if self.parameters is not None else None,
            "backtest": self.backtest.to_dict() if self.backtest is not None else None,
            "drift": [dict(one) for one in self.drift],
            "notes": list(self.notes),
        }


def told_by_name(models: Iterable[Modelled]) -> dict[str, dict[str, Any]]:
    """Give what ``run.json`` says of all models, by name.

    >>> list(told_by_name([Modelled("spend", "spend on a day of purchase", "spend", False, "Too few.", fitted_at=0)]))
    ['spend']
    """
    return {one.name: one.told() for one in models}
