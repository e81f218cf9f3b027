"""What stands against a model, in a few words: that it may know the future, or is no better than a simpler way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from smalti.report.foresight import Foretelling
from smalti.report.matter import Matter

LONGEST = 60
"""Characters of a short verdict, at most."""
_LEAK = re.compile(r"(\S+) may know the future")
_WORSE = re.compile(r"worse than (?:a naive forecast \()?([^;:()]+)", re.IGNORECASE)
_UNSHOWN = re.compile(r"not shown to be better than ([^;:(]+)", re.IGNORECASE)
_SAME = re.compile(r"no better and no worse per customer than the best naive forecast \(([^)]+)\)", re.IGNORECASE)
_BETTER = re.compile(
    r"better than (?:the best (?:naive|simple) forecast[ ,(]+|the best of the simpler ways, )?([^;:()]+)", re.IGNORECASE
)


def short_verdict(one: Foretelling) -> str:
    """Say how good a model was in a few words; what stands against it first, with a ``!``.

    Args:
        one: The model, told.
    """
    if one.tested is None:
        return "not tested" if one.fitted else f"not fitted: {_cut(one.sentence)}"
    leak = next(filter(None, map(_LEAK.search, one.tested.warnings)), None)
    if leak is not None:
        return f"! may know the future: {leak[1]}"
    return brief(one.tested.verdict) or "not judged"


def brief(verdict: str) -> str:
    """Shorten a verdict to a few words.

    >>> brief("Better than the best simple forecast, buying model alone: it explains 31 % of what there is.")
    'better than buying model alone'
    >>> brief("Worse than a naive forecast (rule of thumb): its error per customer is 3.0% larger; in total it foretold 1.2.")
    '! worse than rule of thumb'
    >>> brief("Not shown to be better than recency alone: it explains 1 %.")
    '! not shown to be better than recency alone'
    >>> brief("Hidden members are found more often than at random: times 7.1 in the first 1%.")
    'hidden members are found more often than at random'
    """
    for pattern, words in (
        (_WORSE, "! worse than"),
        (_UNSHOWN, "! not shown to be better than"),
        (_SAME, "! no better than"),
        (_BETTER, "better than"),
    ):
        found = pattern.search(verdict)
        if found is not None:
            return _cut(f"{words} {found[1].strip().rstrip('.')}")
    if "cannot be told apart from" in verdict:
        return _cut("! no better than " + verdict.partition("cannot be told apart from ")[2].partition(" (")[0])
    said = re.split(r"[:;] |\. ", verdict)[0].rstrip(".")
    return _cut(("! " if " not " in f" {said} " else "") + said[:1].lower() + said[1:])


def value_doubt(matter: Matter) -> str:
    """Say that value to come rests on a model that did worse than a naive forecast; nothing where none did.

    >>> tested = {"fitted": True, "backtest": {"verdict": "Worse than a naive forecast (rule of thumb): more error."}}
    >>> value_doubt(Matter({"models": {"buying": tested, "spend": {"fitted": False}}}, {}))
    'Value to come rests on a model (buying) that did worse than a naive forecast (rule of thumb) in its back-test; \
see smalti models buying.'
    """
    models: Mapping[str, Any] = matter.info.get("models") or {}
    for name in ("buying", "spend"):
        model = models.get(name) or {}
        verdict = str((model.get("backtest") or {}).get("verdict") or "")
        found = _WORSE.match(verdict) if model.get("fitted") else None
        if found is not None:
            return (
                f"Value to come rests on a model ({name}) that did worse than a naive forecast ({found[1].strip()}) "
                f"in its back-test; see smalti models {name}."
            )
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
