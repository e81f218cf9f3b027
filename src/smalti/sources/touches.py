"""Files of touches as other systems write them: their columns by our names, with our types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from smalti.facts import STANDARD_STREAMS, TOUCHES, Column, Stream, Type
from smalti.sources.roles import words_of

_NAMES: Mapping[str, tuple[str, ...]] = {
    "touch_id": ("message id", "send id", "delivery id", "mailing id", "contact event id"),
    "treatment": ("action", "offer", "treatment name"),
    "step": ("step number", "sequence step", "contact number", "touch number"),
    "strategy": ("objective", "goal"),
    "purpose": ("contact purpose", "message purpose", "message category"),
    "channel": ("medium", "channel name"),
    "campaign": ("campaign name", "campaign id", "utm campaign"),
    "variant": ("creative", "template", "template id"),
    "experiment": ("experiment name", "experiment id", "experiment key", "test name", "test id"),
    "arm": ("variation", "variation id", "variation key", "group", "test group", "experiment group"),
    "probability": ("propensity", "propensity score", "action prob", "action probability"),
    "cost": ("fee", "cost per contact"),
    "opened_at": ("open time", "open date"),
    "outcome": ("delivery status",),
}
"""By our name of a column what it is called elsewhere, the surest first; in words, as `roles.words_of` writes names."""


def standard_of(source: str) -> Stream | None:
    """Give the standard stream that a source of one's own fills by its name, or None.

    >>> standard_of("touches").name, standard_of("tickets")
    ('touches', None)
    """
    return STANDARD_STREAMS[source] if source == TOUCHES.name else None


def touch_names(names: Iterable[str]) -> dict[str, str]:
    """Give the columns of a file that are ours under another name: their names in the file, each with ours.

    A column that has our name already keeps it, and nothing else gets it.

    >>> touch_names(["customer", "Variation ID", "propensity", "cost", "fee"])
    {'Variation ID': 'arm', 'propensity': 'probability'}
    """
    words = {words_of(name): name for name in reversed(list(names))}
    found = {}
    for ours, theirs in _NAMES.items():
        if words_of(ours) in words:
            if (named := words[words_of(ours)]) != ours:
                found[named] = ours
            continue
        known = next((words[one] for one in theirs if one in words), None)
        if known is not None:
            found[known] = ours
    return found


_READABLE = {
    Type.INTEGER: frozenset({Type.INTEGER}),
    Type.NUMBER: frozenset({Type.NUMBER, Type.INTEGER}),
    Type.MONEY: frozenset({Type.NUMBER, Type.INTEGER, Type.TEXT}),
    Type.INSTANT: frozenset({Type.INSTANT}),
    Type.TEXT: frozenset(Type),
}
"""By type of a standard column, what a column may look like and still be read as it."""


def typed(kinds: Mapping[str, Type], standard: Stream | None, silent: Collection[str] = ()) -> dict[str, Type]:
    """Give the types of a source's columns, those of a standard stream being what they are there where they can be.

    Args:
        kinds: What the columns look like.
        standard: The standard stream; None of a stream of one's own.
        silent: Columns that say nothing yet, and so can be anything: nobody has opened the first mails.

    >>> typed({"arm": Type.INTEGER, "size": Type.INTEGER}, TOUCHES)["arm"]
    <Type.TEXT: 'text'>
    >>> typed({"opened_at": Type.TEXT}, TOUCHES, {"opened_at"})["opened_at"]
    <Type.INSTANT: 'instant'>
    """
    known = {column.name: column.type for column in standard.columns} if standard is not None else {}
    return {
        name: known[name] if name in known and (name in silent or kind in _READABLE[known[name]]) else kind
        for name, kind in kinds.items()
    }


def described(columns: Iterable[Column], standard: Stream | None) -> tuple[Column, ...]:
    """Give the columns of a source, those of a standard stream with what is said of them there."""
    known = {(one.name, one.type): one for one in standard.columns} if standard is not None else {}
    return tuple(known.get((one.name, one.type), one) for one in columns)
