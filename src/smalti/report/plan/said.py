"""The messages of a plan as real customers would read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalti.report.columns import rows
from smalti.report.matter import Matter
from smalti.report.writing import named, spoken

LONGEST = 700
"""Characters of a body that are shown."""
SHOWN = 8
"""Messages that are shown."""
_EACH, _ALIKE = 6, 2
_READ = 2_000


@dataclass(frozen=True)
class Preview:
    """One message as one customer would read it.

    Attributes:
        customer: To whom.
        channel: By what.
        variant: The variant, and for which segment; nothing for the message's own words.
        subject: The subject line, or nothing.
        offer: What is offered, or nothing.
        body: The text, its lines kept; cut where it is long.
        cut: Whether it was cut.
    """

    customer: str
    channel: str
    variant: str
    subject: str
    offer: str
    body: str
    cut: bool


@dataclass(frozen=True)
class Said:
    """A message with previews of it.

    Attributes:
        message: Its name.
        title: What it is called.
        previews: One for each variant first, then more of the same.
    """

    message: str
    title: str
    previews: tuple[Preview, ...]


def said(matter: Matter) -> tuple[Said, ...]:
    """Show the messages of a plan, each variant once before any twice.

    >>> said(Matter({}, {}))
    ()
    """
    titles = _titles(matter)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows(matter.tables, "plan_previews", _READ):
        found.setdefault(str(row["message"]), []).append(row)
    return tuple(_said(matter, name, titles.get(name), several) for name, several in list(found.items())[:SHOWN])


def _said(matter: Matter, name: str, title: str | None, several: list[dict[str, Any]]) -> Said:
    met: dict[tuple[Any, Any], int] = {}
    ordered = []
    for place, row in enumerate(_unlike(several)):
        key = (row.get("variant"), row.get("channel"))
        met[key] = met.get(key, 0) + 1
        ordered.append((met[key], place, row))
    shown = min(max(len(met), _ALIKE), _EACH)
    chosen = [row for _, _, row in sorted(ordered, key=lambda one: one[:2])[:shown]]
    return Said(name, named(title, spoken(named(name))), tuple(_preview(matter, row) for row in chosen))


def _unlike(several: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out those that say the same as one before by the same channel."""
    texts = ("variant", "channel", "subject", "offer", "body")
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in several:
        first.setdefault(tuple(row.get(name) for name in texts), row)
    return list(first.values())


def _preview(matter: Matter, row: Mapping[str, Any]) -> Preview:
    body = str(row.get("body") or "").strip()
    return Preview(
        customer=named(row.get("customer_id")),
        channel=spoken(str(row["channel"])) if row.get("channel") else "",
        variant=_variant(matter, row),
        subject=str(row.get("subject") or "").strip(),
        offer=str(row.get("offer") or "").strip(),
        body=body[:LONGEST],
        cut=len(body) > LONGEST,
    )


def _variant(matter: Matter, row: Mapping[str, Any]) -> str:
    segment, variant = row.get("segment"), row.get("variant")
    if segment:
        title = next(
            (title for (_, name), title in matter.segment_titles.items() if name == segment), spoken(str(segment))
        )
        return f"for {title}"
    return f"variant {variant}" if variant else ""


def _titles(matter: Matter) -> dict[str, str]:
    """Give what messages are called, from the definitions that the run keeps."""
    kept = (matter.info.get("definitions") or {}).get("messages") or {}
    pairs = kept.items() if isinstance(kept, Mapping) else [tuple(one) for one in kept]
    return {str(name): str(one["title"]) for name, one in pairs if isinstance(one, Mapping) and one.get("title")}
