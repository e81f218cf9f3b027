"""What changed definitions would do, told: for a terminal, and in Markdown for a pull request, of bounded length.

Markdown goes where everybody sees it, so no customer is named there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from smalti.facts import Currency
from smalti.report.changes import Changes, Contacts, Redefinition, SegmentChange, StrategyShift
from smalti.report.layout import BECAUSE, Table, escaped, markdown_lines, one_line, table_of, text_lines
from smalti.report.writing import NOTHING, Pen, count, ratio, share, spoken
from smalti.strategy import Total

DEFINITIONS, SEGMENTS, MOVES, CUTS, CHANNELS, NOTES = 12, 12, 6, 8, 8, 8
"""How many lines are told of each, at most."""
LONGEST = 240
"""Characters of a rule, at most."""
_NONE = "(none)"
_REACHED = (
    "Customers to treat who are in a segment that names the channel, have an address there and may be written to; "
    "somebody may count for several."
)
_UNKNOWN = "nobody's consent is known, so nobody is counted; say under channels: whom they may be used for."
_MEANS = "Enter and leave count customers; value to come is that of those who enter, less that of those who leave."


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
        parts += text_lines(table)
    parts += ["", *(f"note: {one_line(note, 400)}" for note in changes.notes[:NOTES])] if changes.notes else []
    return "\n".join(parts)


def changes_markdown(changes: Changes) -> str:
    """Tell it in Markdown for a pull request; no customer is named, and its length is bounded.

    Args:
        changes: What would change.
    """
    pen = _pen(changes)
    verdict, *rest = (escaped(line) for line in _headline(changes, pen))
    parts = [f"## {escaped(_title(changes))}", "", f"**{verdict}**", "", *(f"- {line}" for line in rest)]
    if changes.definitions:
        listed = [line.removeprefix("  ") for line in _listed(changes.definitions)]
        fence = "`" * max(3, 1 + max((len(run) for line in listed for run in re.findall("`+", line)), default=0))
        parts += ["", "### What is defined differently", "", f"{fence}diff", *listed, fence]
    for table in _tables(changes, pen):
        parts += markdown_lines(table)
    parts += ["", *(f"> {escaped(one_line(note, 400))}" for note in changes.notes[:NOTES])] if changes.notes else []
    return "\n".join(parts) + "\n"


def _pen(changes: Changes) -> Pen:
    return Pen(Currency(changes.currency), changes.time_zone)


def _title(changes: Changes) -> str:
    against = f"compared with {one_line(changes.against, 120)}" if changes.against else "with nothing to compare with"
    return f"{one_line(changes.project)}: changed definitions, {against}"


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
        told = [(one_line(one.cut, 120), _cut(one.before), _cut(one.after)) for one in changes.cuts]
        yield table_of("Cuts fitted anew", ("cut", "before", "after"), told, CUTS)


def _channels(changes: Changes, pen: Pen) -> Iterator[Table]:
    """Tell of the channels that would be used otherwise, and of those of which nobody's consent is known."""
    rows = [
        (one_line(one.channel), _by(one.before, pen), _by(one.after, pen))
        for one in changes.channels
        if one.before != one.after
    ]
    unknown = [one_line(one.channel) for one in changes.channels if one.after is None]
    if rows:
        yield table_of("Contacts by channel", ("channel", "before", "after"), rows, CHANNELS, about=_REACHED)
    elif unknown and not changes.harmless:
        told = ", ".join(unknown[:CHANNELS])
        more = f" and {count(len(unknown) - CHANNELS)} more" if len(unknown) > CHANNELS else ""
        yield Table("Contacts by channel", about=f"{told}{more}: {_UNKNOWN}")


def _by(contacts: Contacts | None, pen: Pen) -> str:
    return "no consent known" if contacts is None else _treat(contacts, pen)


def _cut(value: str | None) -> str:
    return NOTHING if value is None else one_line(value)


def _differs(one: SegmentChange) -> bool:
    return one.moved > 0 or one.before is None or one.after is None or one.formerly is not None


def _shifts(one: StrategyShift) -> bool:
    return bool(one.entered or one.left or one.gain_before != one.gain_after)


def _sizes(changes: Changes) -> Table:
    rows = [
        (
            one_line(one.title),
            one_line(spoken(one.segmentation)),
            count(one.after),
            share(ratio(one.after or 0, changes.customers)),
        )
        for one in changes.segments
    ]
    return table_of("Segments", ("segment", "of", "customers", "share"), rows, SEGMENTS * 3, texts=2)


def _playbook(strategies: Iterable[StrategyShift], pen: Pen) -> Table:
    rows = [(one_line(one.title), count(one.after), _gain(one.gain_after, pen)) for one in strategies if one.after]
    return table_of("Strategies", ("primary strategy", "customers", "expected gain"), rows, SEGMENTS * 2)


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
    header = ("segment", "before", "after", "enter", "leave", "value to come", BECAUSE)
    return table_of("Segments", header, rows, SEGMENTS, about=_MEANS)


def _called(one: SegmentChange) -> str:
    told = one_line(one.title)
    if one.formerly is not None:
        return f"{told} (was named {one_line(one.formerly)})"
    return f"{told} (new)" if one.before is None else f"{told} (gone)" if one.after is None else told


def _net(one: SegmentChange, pen: Pen) -> str:
    net = one.entering.value_to_come - one.leaving.value_to_come
    return ("+" if net > 0 else "") + pen.round_money(net)


def _because(rests_on: Sequence[str]) -> str:
    told = ", ".join(one_line(one) for one in rests_on[:2])
    return f"{told} and {count(len(rests_on) - 2)} more" if len(rests_on) > 2 else told or NOTHING


def _flows(changes: Changes) -> Iterator[Table]:
    titles = {(one.segmentation, one.segment): one_line(one.title) for one in changes.segments}
    rows = []
    for flow in sorted(changes.flows, key=lambda one: -one.changed):
        for move in flow.moves[:MOVES]:
            origin, target = (
                _NONE if name is None else titles.get((flow.segmentation, name), one_line(name))
                for name in (move.origin, move.target)
            )
            rows.append((one_line(spoken(flow.segmentation)), origin, target, count(move.customers)))
    if rows:
        header = ("segmentation", "from", "to", "customers")
        yield table_of("From segment to segment", header, rows, SEGMENTS, texts=3)


def _strategies(shifting: Iterable[StrategyShift], pen: Pen) -> Table:
    rows = [
        (
            one_line(one.title),
            count(one.before),
            count(one.after),
            _gain(one.gain_before, pen),
            _gain(one.gain_after, pen),
            _because(one.rests_on),
        )
        for one in shifting
    ]
    header = ("primary strategy", "before", "after", "gain before", "gain after", BECAUSE)
    about = "Gains are those expected of each strategy's customers together, with 80 % intervals."
    return table_of("Strategies", header, rows, SEGMENTS, about=about)


def _moves(changes: Changes) -> Table:
    titles = {one.strategy: one_line(one.title) for one in changes.strategies}
    rows = [
        (titles.get(one.origin or "", _NONE), titles.get(one.target or "", _NONE), count(one.customers))
        for one in changes.moves
    ]
    return table_of("From strategy to strategy", ("from", "to", "customers"), rows, MOVES * 2, texts=2)


def _examples(changes: Changes) -> Iterator[Table]:
    """Name some customers, for a terminal alone."""
    if changes.against is None:
        return
    rows = []
    for one in sorted(changes.segments, key=lambda one: -one.moved):
        for does, ids in (("enter", one.entering_examples), ("leave", one.leaving_examples)):
            if ids:
                rows.append((one_line(one.title), does, ", ".join(one_line(each, 30) for each in ids)))
    if rows:
        header = ("segment", "", "customers")
        yield table_of("Some of them", header, rows, SEGMENTS, texts=3, about="Those with the most value to come.")


def _listed(definitions: Sequence[Redefinition]) -> Iterator[str]:
    """Give each definition that differs with its text before and after, what matters first."""
    ordered = sorted(definitions, key=lambda one: not one.matters)
    for one in ordered[:DEFINITIONS]:
        part = f", {one_line(one.part)}" if one.part not in ("", "is") else ""
        section = "" if one.section == "settings" else f"{one.section} "
        yield f"  @ {section}{one_line(one.name)}{part}" + ("" if one.matters else " (in words only)")
        yield from (f"  - {one_line(one.before, LONGEST)}" for _ in range(one.before is not None))
        yield from (f"  + {one_line(one.after, LONGEST)}" for _ in range(one.after is not None))
    if len(ordered) > DEFINITIONS:
        yield f"  @ {count(len(ordered) - DEFINITIONS)} more not shown"
