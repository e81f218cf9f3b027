"""What is printed of a trial: what to do, does it work, the policies, budgets, who is missed, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from smalti.cli.show import out
from smalti.report import OutcomeTold, TrialTold, tell_proof

_COLOURS = {"good": "green", "bad": "red", "open": "yellow"}
_SHOWN = 8


def proved(found: Mapping[str, Any]) -> None:
    """Print what a trial proves.

    Args:
        found: What `smalti.engine.proving.Proved.to_dict` gives.
    """
    told = tell_proof(found)
    _ground(told)
    for warning in told.warnings:
        out.print(f"\n[bold red]![/] {escape(warning)}", soft_wrap=True)
    for outcome in told.outcomes:
        _outcome(outcome, told)


def _ground(told: TrialTold) -> None:
    out.print(f"\n[bold]{escape(told.title)}[/]: {escape(told.ground)}", soft_wrap=True)
    if told.taken:
        out.print("[dim]what I take for what[/]")
    for sentence in told.taken:
        out.print(f"  {escape(sentence)}", soft_wrap=True, style="dim")
    for rows, reason in told.set_aside:
        out.print(f"  set aside: {rows}, {escape(reason)}", soft_wrap=True)


def _outcome(outcome: OutcomeTold, told: TrialTold) -> None:
    out.print(f"\n[bold underline]{escape(outcome.title)}[/]")
    out.print(f"[bold]{escape(outcome.verdict)}[/]", soft_wrap=True)
    _bullets([*outcome.reasons, outcome.total])
    if outcome.before_costs:
        out.print(f"  Were contacts free: {escape(outcome.before_costs)}", soft_wrap=True)
    for note in outcome.notes:
        out.print(f"  [yellow]note:[/] {escape(note)}", soft_wrap=True)
    _effects(outcome, told)
    _ladder(outcome)
    if outcome.budget_words:
        out.print("\n[bold]With a smaller budget[/]")
        _bullets(outcome.budget_words)
    out.print("\n[bold]How often does the segment miss the person?[/]")
    _bullets(outcome.misses)
    if outcome.ranked:
        out.print("\n[bold]Can anybody tell whom it works for?[/]")
        tells = ", ".join(f"{name} {part:.0%}" for name, part in outcome.drivers[:6])
        _bullets([*outcome.ranked, f"What tells: {tells}." if tells else ""])
    differing = [one for one in outcome.among if one.differs]
    for one in differing[:1]:
        out.print(f"\n[bold]Where does it work better?[/] {escape(one.title)}: {escape(one.summary)}", soft_wrap=True)
        table = _table("segment", "customers", "difference", "95 % interval")
        for label, customers, change, between in one.rows:
            table.add_row(escape(label), customers, change, between)
        out.print(table)


def _effects(outcome: OutcomeTold, told: TrialTold) -> None:
    out.print(f"\n[bold]Does it work?[/] each against {escape(told.control)}", soft_wrap=True)
    table = _table("arm", outcome.title, "difference", "95 % interval", "")
    for one in outcome.effects[:_SHOWN]:
        answer = f"[{_COLOURS[one.state]}]{escape(one.answer)}[/]"
        table.add_row(escape(one.arm), one.value, one.change, one.between, answer)
    out.print(table)
    if len(outcome.effects) > _SHOWN:
        out.print(f"  [dim]and {len(outcome.effects) - _SHOWN} more arms: --json or --to page.html[/]")


def _ladder(outcome: OutcomeTold) -> None:
    out.print("\n[bold]One for all, by segment, or one to one?[/] value per customer")
    heads = ["policy", "value", "95 % interval", "contacted"]
    table = _table(*heads, "more than the one before", "")
    for rung in outcome.rungs:
        more = f"{rung.lead} ({rung.lead_between})" if rung.lead_between else rung.lead
        mark = "[green]recommended[/]" if rung.recommended else ""
        table.add_row(escape(rung.title), rung.value, rung.between, rung.contacted, more, mark)
    out.print(table)


def _bullets(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        if sentence:
            out.print(f"  {escape(sentence)}", soft_wrap=True)


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for place, heading in enumerate(heads):
        table.add_column(escape(heading), justify="right" if 0 < place < 4 else "left")
    return table
