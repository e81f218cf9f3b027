"""The plan told for a terminal, and in Markdown for a pull request, of bounded length.

Markdown goes where everybody sees it, so no customer is named there.
"""

from __future__ import annotations

from collections.abc import Iterator

from smalti.report.layout import ONE_MORE, WHY, Table, escaped, markdown_lines, one_line, table_of, text_lines
from smalti.report.plan.chapter import PlanTold
from smalti.report.plan.parts import Part

_ROWS, _FEW = 12, 6
_TEXT = 160


def plan_text(told: PlanTold) -> str:
    """Tell a plan for a terminal, with some customers by their ids.

    Args:
        told: The plan.
    """
    lines = [*_head(told)]
    for table in (*_tables(told), *_people(told)):
        lines += text_lines(table)
    return "\n".join([*lines, *_tail(told)])


def plan_markdown(told: PlanTold) -> str:
    """Tell a plan in Markdown for a pull request; no customer is named, and its length is bounded.

    Args:
        told: The plan.
    """
    head, verdict, *rest = (escaped(line) for line in _head(told) if line)
    lines = [f"## {head}", "", f"**{verdict}**", "", *(f"- {line}" for line in rest)]
    for table in _tables(told):
        lines += markdown_lines(table)
    return "\n".join([*lines, *(f"> {escaped(line)}" if line else "" for line in _tail(told))]) + "\n"


def plan_glance(told: PlanTold) -> tuple[str, ...]:
    """Tell a plan in a few lines, for the summary of a run: the verdict, and the dearest limits.

    Args:
        told: The plan.
    """
    return (told.verdict, *(f"{one.title}: {_within(one.one_more)}" for one in told.binding[:3]))


def _within(sentence: str) -> str:
    """Write a sentence as the rest of another: a small letter first, unless it begins with a sign of money such as US$."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _head(told: PlanTold) -> list[str]:
    period = f", {told.period}" if told.period else ""
    return [f"The plan{period}", "", told.verdict, *([told.spent] if told.spent else [])]


def _tail(told: PlanTold) -> list[str]:
    notes = [f"note: {one_line(note, 400)}" for note in (*told.ground[1:], *told.notes)]
    return ["", *notes] if notes else []


def _tables(told: PlanTold) -> Iterator[Table]:
    if told.treatments:
        yield _treatments(told)
    if told.binding:
        rows = [(one_line(one.title), one.used, one_line(one.one_more, _TEXT)) for one in told.binding]
        about = "Limits without which the plan would be worth more."
        yield table_of("What stands in its way", ("limit", "used", ONE_MORE), rows, _ROWS, about=about)
    for title, parts in (("By channel", told.channels), ("By segment", told.segments)):
        if parts:
            yield _by(title, parts)
    if told.spared:
        spared = [(one_line(why, _TEXT), customers) for why, customers, _ in told.spared.reasons]
        about = f"{told.spared.customers} get nothing."
        yield table_of("Who gets nothing, and why", ("why", "customers"), spared, _FEW, about=about)
    if told.changed:
        moved = [(one_line(why, _TEXT), customers) for why, customers in told.changed.reasons]
        header = ("why", "customers") if moved else ()
        yield table_of("What changed", header, moved, _FEW, about=told.changed.summary)


def _treatments(told: PlanTold) -> Table:
    rows = [
        (
            one_line(one.part.title),
            one_line(one.channels) or "–",
            one.part.customers.partition(" ")[0],
            one.part.cost,
            one.part.gain,
            one.part.interval or "–",
            one.basis or "–",
        )
        for one in told.treatments
    ]
    header = ("treatment", "by", "customers", "cost", "expected gain", "80 % interval", "effect")
    return table_of("What is done", header, rows, _ROWS, texts=2)


def _by(title: str, parts: tuple[Part, ...]) -> Table:
    rows = [
        (one_line(one.title), one.customers.partition(" ")[0], one.contacts.partition(" ")[0], one.cost, one.gain)
        for one in parts
    ]
    return table_of(title, (title[3:], "customers", "contacts", "cost", "expected gain"), rows, _FEW)


def _people(told: PlanTold) -> Iterator[Table]:
    if told.people:
        rows = [
            (one_line(one.customer, 30), one_line(one.treatment), one.when, one.gain, one_line(one.why, _TEXT))
            for one in told.people[:_FEW]
        ]
        about = "Those with the largest expected gain."
        yield table_of("Some of them", ("customer", "treatment", "when", "gain", WHY), rows, _FEW, texts=3, about=about)
