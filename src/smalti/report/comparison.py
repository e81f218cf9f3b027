"""What changed definitions would do, told: for a terminal, and in Markdown for a pull request, of bounded length.

Markdown goes where everybody sees it, so no customer is named there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from smalti.facts import Currency
from smalti.report.changes import Changes, Contacts, Redefinition, SegmentChange, StrategyShift
from smalti.report.writing import NOTHING, Pen, count, named, ratio, share, spoken
from smalti.strategy import Total

DEFINITIONS, SEGMENTS, MOVES, CUTS, CHANNELS, NOTES = 12, 12, 6, 8, 8, 8
"""How many lines are told of each, at most."""
LONGEST = 240
"""Characters of a rule, at most."""
_NAME = 60
_NONE, _BECAUSE = "(none)", "because of"
_REACHED = (
    "Customers to treat who are in a segment that names the channel, have an address there and may be written to; "
    "somebody may count for several."
)
_UNKNOWN = "nobody's consent is known, so nobody is counted; say under channels: whom they may be used for."
_MEANS = "Enter and leave count customers; value to come is that of those who enter, less that of those who leave."


@dataclass(frozen=True)
class Table:
    """A chapter: sentences, and rows of text; the first `texts` columns are words, the others numbers.

    Attributes:
        title: What it is about.
        header: The names of the columns; empty where there are sentences alone.
        rows: The rows.
        texts: How many columns hold words.
        more: What is not told, a sentence, or nothing.
        about: What comes before the rows, a sentence, or nothing.
    """

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    texts: int = 1
    more: str = ""
    about: str = ""

    def holds_words(self, place: int) -> bool:
        """Whether a column holds words and no numbers."""
        return place < self.texts or self.header[place] == _BECAUSE


def changes_text(changes: Changes) -> str:
    """Tell it for a terminal, with some customers by their ids.

    Args:
        changes: What would change.
    """
    pen = _pen(changes)
    parts = [_title(changes), "", *_headline(changes, pen)]
    if changes.definitions:
        parts += ["", "What is defined differently", *_listed(changes.definitions)]
    for table in (*_tables(changes, pen), *_examples(changes)):
        parts += ["", table.title, *([f"  {table.about}"] if table.about else []), *_columns(table)]
        parts += [f"  {table.more}"] if table.more else []
    parts += ["", *(f"note: {_line(note, 400)}" for note in changes.notes[:NOTES])] if changes.notes else []
    return "\n".join(parts)


def changes_markdown(changes: Changes) -> str:
    """Tell it in Markdown for a pull request; no customer is named, and its length is bounded.

    Args:
        changes: What would change.
    """
    pen = _pen(changes)
    verdict, *rest = (_escaped(line) for line in _headline(changes, pen))
    parts = [f"## {_escaped(_title(changes))}", "", f"**{verdict}**", "", *(f"- {line}" for line in rest)]
    if changes.definitions:
        listed = [line.removeprefix("  ") for line in _listed(changes.definitions)]
        fence = "`" * max(3, 1 + max((len(run) for line in listed for run in re.findall("`+", line)), default=0))
        parts += ["", "### What is defined differently", "", f"{fence}diff", *listed, fence]
    for table in _tables(changes, pen):
        parts += ["", f"### {_escaped(table.title)}", *(["", _escaped(table.about)] if table.about else [])]
        if table.header:
            sides = [":--" if table.holds_words(place) else "--:" for place in range(len(table.header))]
            parts += ["", *("| " + " | ".join(row) + " |" for row in (table.header, tuple(sides)))]
            parts += ["| " + " | ".join(map(_escaped, row)) + " |" for row in table.rows]
        parts += ["", f"_{_escaped(table.more)}_"] if table.more else []
    parts += ["", *(f"> {_escaped(_line(note, 400))}" for note in changes.notes[:NOTES])] if changes.notes else []
    return "\n".join(parts) + "\n"


def _pen(changes: Changes) -> Pen:
    return Pen(Currency(changes.currency), changes.time_zone)


def _title(changes: Changes) -> str:
    against = f"compared with {_line(changes.against, 120)}" if changes.against else "with nothing to compare with"
    return f"{_line(changes.project)}: changed definitions, {against}"


def _headline(changes: Changes, pen: Pen) -> list[str]:
    everyone = count(changes.customers, "customer")
    basis = f"Reckoned for {everyone} as of {pen.instant(changes.as_of)}; nothing was published."
    if changes.against is None:
        gain = _gain(changes.gain_after, pen)
        treat = _treat(changes.contacts_after, pen)
        return [
            "There is no earlier run, so everything is new; this is what a run would find.",
            f"{basis} Expected gain {gain}; {treat} would be treated.",
        ]
    return [_verdict(changes), basis, *([] if changes.harmless else _money(changes, pen))]


def _verdict(changes: Changes) -> str:
    everyone = count(changes.customers, "customer")
    if changes.unchanged and changes.harmless:
        return "The definitions are the same: nothing would change for anyone."
    if changes.only_words and changes.harmless:
        return "Only names and descriptions differ: nothing would change for anyone."
    if changes.harmless:
        return f"The definitions differ, but nothing would change for anyone of {everyone}."
    if not changes.moved:
        told = f"Nobody of {everyone} would enter or leave a segment or change the primary strategy"
        second = count(changes.moved_secondary, "secondary strategy", "secondary strategies")
        return f"{told}; {second} would change." if changes.moved_secondary else f"{told}."
    segment, strategy = (count(one) if one else "nobody" for one in (changes.moved_segment, changes.moved_strategy))
    return (
        f"{count(changes.moved)} of {everyone} ({share(changes.share_moved)}) would move: "
        f"{segment} would enter or leave a segment, {strategy} would change primary strategy."
    )


def _money(changes: Changes, pen: Pen) -> list[str]:
    gain = _gain(changes.gain_before, pen), _gain(changes.gain_after, pen)
    treat = _treat(changes.contacts_before or Contacts(), pen), _treat(changes.contacts_after, pen)
    told = [f"{what}: {_both(*texts)}." for what, texts in (("Expected gain", gain), ("Customers to treat", treat))]
    before, after = changes.worth_before, changes.worth_after
    if before is not None and before != after:
        told.append(
            f"Value now: {pen.round_money(before.value_now)} → {pen.round_money(after.value_now)}; "
            f"value to come: {pen.round_money(before.value_to_come)} → {pen.round_money(after.value_to_come)}."
        )
    return told


def _both(before: str, after: str) -> str:
    return f"{before}, as before" if before == after else f"{before} → {after}"


def _gain(total: Total | None, pen: Pen) -> str:
    return NOTHING if total is None else f"{pen.round_money(total.gain)} ({pen.interval(total.low, total.high)})"


def _treat(contacts: Contacts, pen: Pen) -> str:
    return f"{count(contacts.customers)} for {pen.round_money(contacts.cost)}"


def _tables(changes: Changes, pen: Pen) -> Iterator[Table]:
    if changes.against is None:
        yield _sizes(changes)
        yield _playbook(changes.strategies, pen)
        return
    moving = sorted((one for one in changes.segments if _differs(one)), key=lambda one: -one.moved)
    if moving:
        yield _segments(moving, pen)
    yield from _flows(changes)
    shifting = [one for one in changes.strategies if _shifts(one)]
    if shifting:
        yield _strategies(sorted(shifting, key=lambda one: -one.entered - one.left), pen)
    if changes.moves:
        yield _moves(changes)
    yield from _channels(changes, pen)
    if changes.cuts:
        told = [(_line(one.cut, 120), _cut(one.before), _cut(one.after)) for one in changes.cuts]
        yield _table("Cuts fitted anew", ("cut", "before", "after"), told, CUTS)


def _channels(changes: Changes, pen: Pen) -> Iterator[Table]:
    """Tell of the channels that would be used otherwise, and of those of which nobody's consent is known."""
    rows = [
        (_line(one.channel), _by(one.before, pen), _by(one.after, pen))
        for one in changes.channels
        if one.before != one.after
    ]
    unknown = [_line(one.channel) for one in changes.channels if one.after is None]
    if rows:
        yield _table("Contacts by channel", ("channel", "before", "after"), rows, CHANNELS, about=_REACHED)
    elif unknown and not changes.harmless:
        told = ", ".join(unknown[:CHANNELS])
        more = f" and {count(len(unknown) - CHANNELS)} more" if len(unknown) > CHANNELS else ""
        yield Table("Contacts by channel", about=f"{told}{more}: {_UNKNOWN}")


def _by(contacts: Contacts | None, pen: Pen) -> str:
    return "no consent known" if contacts is None else _treat(contacts, pen)


def _cut(value: str | None) -> str:
    return NOTHING if value is None else _line(value)


def _table(
    title: str,
    header: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    most: int,
    *,
    texts: int = 1,
    about: str = "",
) -> Table:
    rest = len(rows) - most
    return Table(title, header, tuple(rows[:most]), texts, f"{count(rest)} more not shown." if rest > 0 else "", about)


def _differs(one: SegmentChange) -> bool:
    return one.moved > 0 or one.before is None or one.after is None or one.formerly is not None


def _shifts(one: StrategyShift) -> bool:
    return bool(one.entered or one.left or one.gain_before != one.gain_after)


def _sizes(changes: Changes) -> Table:
    rows = [
        (
            _line(one.title),
            _line(spoken(one.segmentation)),
            count(one.after),
            share(ratio(one.after or 0, changes.customers)),
        )
        for one in changes.segments
    ]
    return _table("Segments", ("segment", "of", "customers", "share"), rows, SEGMENTS * 3, texts=2)


def _playbook(strategies: Iterable[StrategyShift], pen: Pen) -> Table:
    rows = [(_line(one.title), count(one.after), _gain(one.gain_after, pen)) for one in strategies if one.after]
    return _table("Strategies", ("primary strategy", "customers", "expected gain"), rows, SEGMENTS * 2)


def _segments(moving: Sequence[SegmentChange], pen: Pen) -> Table:
    rows = [
        (
            _called(one),
            count(one.before),
            count(one.after),
            count(one.entered),
            count(one.left),
            _net(one, pen),
            _because(one.rests_on),
        )
        for one in moving
    ]
    header = ("segment", "before", "after", "enter", "leave", "value to come", _BECAUSE)
    return _table("Segments", header, rows, SEGMENTS, about=_MEANS)


def _called(one: SegmentChange) -> str:
    told = _line(one.title)
    if one.formerly is not None:
        return f"{told} (was named {_line(one.formerly)})"
    return f"{told} (new)" if one.before is None else f"{told} (gone)" if one.after is None else told


def _net(one: SegmentChange, pen: Pen) -> str:
    net = one.entering.value_to_come - one.leaving.value_to_come
    return ("+" if net > 0 else "") + pen.round_money(net)


def _because(rests_on: Sequence[str]) -> str:
    told = ", ".join(_line(one) for one in rests_on[:2])
    return f"{told} and {count(len(rests_on) - 2)} more" if len(rests_on) > 2 else told or NOTHING


def _flows(changes: Changes) -> Iterator[Table]:
    titles = {(one.segmentation, one.segment): _line(one.title) for one in changes.segments}
    rows = []
    for flow in sorted(changes.flows, key=lambda one: -one.changed):
        for move in flow.moves[:MOVES]:
            origin, target = (
                _NONE if name is None else titles.get((flow.segmentation, name), _line(name))
                for name in (move.origin, move.target)
            )
            rows.append((_line(spoken(flow.segmentation)), origin, target, count(move.customers)))
    if rows:
        header = ("segmentation", "from", "to", "customers")
        yield _table("From segment to segment", header, rows, SEGMENTS, texts=3)


def _strategies(shifting: Iterable[StrategyShift], pen: Pen) -> Table:
    rows = [
        (
            _line(one.title),
            count(one.before),
            count(one.after),
            _gain(one.gain_before, pen),
            _gain(one.gain_after, pen),
            _because(one.rests_on),
        )
        for one in shifting
    ]
    header = ("primary strategy", "before", "after", "gain before", "gain after", _BECAUSE)
    about = "Gains are those expected of each strategy's customers together, with 80 % intervals."
    return _table("Strategies", header, rows, SEGMENTS, about=about)


def _moves(changes: Changes) -> Table:
    titles = {one.strategy: _line(one.title) for one in changes.strategies}
    rows = [
        (titles.get(one.origin or "", _NONE), titles.get(one.target or "", _NONE), count(one.customers))
        for one in changes.moves
    ]
    return _table("From strategy to strategy", ("from", "to", "customers"), rows, MOVES * 2, texts=2)


def _examples(changes: Changes) -> Iterator[Table]:
    """Name some customers, for a terminal alone."""
    if changes.against is None:
        return
    rows = []
    for one in sorted(changes.segments, key=lambda one: -one.moved):
        for does, ids in (("enter", one.entering_examples), ("leave", one.leaving_examples)):
            if ids:
                rows.append((_line(one.title), does, ", ".join(_line(each, 30) for each in ids)))
    if rows:
        header = ("segment", "", "customers")
        yield _table("Some of them", header, rows, SEGMENTS, texts=3, about="Those with the most value to come.")


def _listed(definitions: Sequence[Redefinition]) -> Iterator[str]:
    """Give each definition that differs with its text before and after, what matters first."""
    ordered = sorted(definitions, key=lambda one: not one.matters)
    for one in ordered[:DEFINITIONS]:
        part = f", {_line(one.part)}" if one.part not in ("", "is") else ""
        section = "" if one.section == "settings" else f"{one.section} "
        yield f"  @ {section}{_line(one.name)}{part}" + ("" if one.matters else " (in words only)")
        yield from (f"  - {_line(one.before, LONGEST)}" for _ in range(one.before is not None))
        yield from (f"  + {_line(one.after, LONGEST)}" for _ in range(one.after is not None))
    if len(ordered) > DEFINITIONS:
        yield f"  @ {count(len(ordered) - DEFINITIONS)} more not shown"


def _columns(table: Table) -> Iterator[str]:
    """Lay out rows in columns; the last text of a row is not padded."""
    if not table.header:
        return
    rows = [table.header, *table.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.header))]
    last = len(table.header) - 1
    for row in rows:
        cells = [
            text.ljust(width) if table.holds_words(place) else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        cells[last] = cells[last].rstrip()
        yield "  " + "  ".join(cells).rstrip()


def _line(text: str | None, most: int = _NAME) -> str:
    r"""Give text on one line without signs that cannot be seen, cut where it is too long.

    >>> _line("a\n  b\x1b", 10), _line("abcdefghij", 5)
    ('a b', 'abcd…')
    """
    told = " ".join("".join(sign if sign.isprintable() else " " for sign in named(text)).split())
    return told if len(told) <= most else told[: most - 1] + "…"


_SIGNS = str.maketrans(
    {sign: "\\" + sign for sign in "\\`*_[]|~"} | {"<": "&lt;", ">": "&gt;", "@": "&#64;", "#": "&#35;", "&": "&amp;"}
)


def _escaped(text: str) -> str:
    r"""Write text so that Markdown takes no sign of it for its own.

    >>> print(_escaped("a|b <i> _c_ @d"))
    a\|b &lt;i&gt; \_c\_ &#64;d
    """
    return text.translate(_SIGNS)
