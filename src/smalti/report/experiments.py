"""What a run tries on some customers and not on others: how far each experiment has come, and what it says by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalti.report.matter import Matter
from smalti.report.writing import count, named, share, stop

_HOLD_OUT = "hold_out"
"""The name of the experiment that holds nothing against everything: in it there is no policy to choose."""
_STATUS = {"planned": "Planned", "running": "Running", "done": "Done"}


@dataclass(frozen=True)
class Tried:
    """One experiment, as it is told.

    Attributes:
        key: For links.
        title: What it is called.
        why: What is to be found out.
        status: How far it has come, in a word.
        state: The same as a key: ``planned``, ``running`` or ``done``.
        ground: Who takes part and by when it is known, in sentences.
        arms: Of each arm its name, its share and how many customers were drawn into it.
        verdicts: What is known by now, a sentence for each arm and outcome.
        notes: What else to know, in sentences.
    """

    key: str
    title: str
    why: str
    status: str
    state: str
    ground: str
    arms: tuple[tuple[str, str, str], ...]
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]


def experiments(matter: Matter) -> tuple[Tried, ...]:
    """Tell the experiments of a run; none where there are none.

    >>> experiments(Matter({}, {}))
    ()
    """
    found = matter.info.get("experiments") or ()
    return tuple(_told(matter, one, place) for place, one in enumerate(found, 1))


def _told(matter: Matter, one: Mapping[str, Any], place: int) -> Tried:
    return Tried(
        key=f"experiment-{place}",
        title=named(one["title"]),
        why=stop(named(one["why"])) if one.get("why") else "",
        status=_STATUS[one["status"]],
        state=one["status"],
        ground=" ".join(_ground(matter, one)),
        arms=tuple(
            (named(arm["title"]), share(arm["share"]), count(arm["customers"], "customer")) for arm in one["arms"]
        ),
        verdicts=tuple(row["words"] for outcome in one["outcomes"] for row in outcome["effects"]),
        notes=tuple(stop(note[:1].upper() + note[1:]) for note in one["notes"]),
    )


def _ground(matter: Matter, one: Mapping[str, Any]) -> list[str]:
    """Say who takes part, since when, and how many of them are counted."""
    if not one["eligible"]:
        since = f" since {matter.pen.day(one['starts'])}" if one["starts"] and one["status"] != "planned" else ""
        return [f"Nobody may take part{since}: there is no customer of whom the rule is true."]
    held = f", {count(one['held_out'])} of them held out" if one["held_out"] else ""
    told = [f"{count(one['eligible'], 'customer')} may take part{held}."]
    if one["starts"] is None:
        return [*told, "It starts with its first touch."]
    if one["status"] == "planned":
        return [*told, f"It starts on {matter.pen.day(one['starts'])}."]
    exposed, counted = one["exposed"], one["counted"]
    how = "were touched" if one["exposure"] == "touches" else "were drawn"
    told.append(f"Since {matter.pen.day(one['starts'])} {count(exposed, 'customer')} {how}.")
    if counted == exposed:
        return [*told, f"What came of it within {one['within']} is known of all of them."]
    known = f"; of the last of them on {matter.pen.day(one['known'])}" if one.get("known") else ""
    told.append(f"What came of it within {one['within']} is known of {count(counted)}{known}.")
    return told if one["name"] == _HOLD_OUT else [*told, "Which policy is best is told once it is done."]
