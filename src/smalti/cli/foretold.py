"""What is printed of the models of a run: all of them in a table, or one with its back-test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from smalti.cli.finish import print_json
from smalti.cli.show import out
from smalti.engine import Run
from smalti.errors import RunError, nearest
from smalti.report import Foretelling, short_verdict, tell_models
from smalti.report.backtests import Row, Trial

_NONE = "–"


def tell(run: Run, wanted: str | None, *, as_json: bool) -> None:
    """Print the models of a run, or one of them.

    Args:
        run: The run.
        wanted: A model by name or title; None for all.
        as_json: Whether a machine reads it: then it is what ``run.json`` has.

    Raises:
        RunError: The run has no such model.
    """
    models = run.info.get("models") or {}
    told = tell_models(run.info, {"customers": run.customers.to_arrow()} if not as_json else {})
    if wanted is not None:
        one = _find(run, told, wanted)
        print_json({"name": one.name, **models[one.name]}) if as_json else _one(run, one)
    elif as_json:
        print_json({"run": run.id, "as_of": run.info["as_of"], "models": [_short(one, models) for one in told]})
    else:
        _all(run, told)


def _short(one: Foretelling, models: dict[str, Any]) -> dict[str, Any]:
    """Tell one model for a machine, without its numbers."""
    model = models[one.name]
    drift = model.get("drift") or []
    return {
        "name": one.name,
        "title": model.get("title"),
        "what": model.get("what", one.name),
        "fitted": one.fitted,
        "fitted_at": model.get("fitted_at"),
        "sentence": model.get("sentence"),
        "verdict": one.tested.verdict if one.tested else None,
        "warnings": list(one.tested.warnings) if one.tested else [],
        "drifted": [part["sentence"] for part in drift if part.get("alarm")],
    }


def _find(run: Run, told: Sequence[Foretelling], wanted: str) -> Foretelling:
    asked = wanted.strip().casefold()
    for one in told:
        if asked in (one.name.casefold(), one.title.casefold()):
            return one
    names = [one.name for one in told]
    near = nearest(wanted, names)
    hint = f"; did you mean '{near}'?" if near else f"; it has {', '.join(names)}" if names else ""
    raise RunError(f"run {run.id} has no model '{wanted}'{hint}")


def _all(run: Run, told: Sequence[Foretelling]) -> None:
    out.print(f"\n[bold]{escape(run.info['project'])}[/]: models as of {run.info['as_of'][:10]}\n", soft_wrap=True)
    if not told:
        out.print("This run has no models.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Model", "How good", "Drift"):
        table.add_column(heading)
    for one in told:
        good = short_verdict(one)
        colour = "[red]" if good.startswith("!") else "[default]"
        drift = f"[red]{one.drifted}[/]" if any(change.alarm for change in one.changes) else one.drifted or _NONE
        table.add_row(escape(one.name), f"{colour}{escape(good)}[/]", drift)
    out.print(table)
    first = next((one.name for one in told if one.tested), told[0].name)
    out.print(f"[dim]more:[/] smalti models {escape(first)}", soft_wrap=True)


def _one(run: Run, one: Foretelling) -> None:
    out.print(f"\n[bold]{escape(one.title)}[/] ({escape(one.name)}): {escape(one.kind)}", soft_wrap=True)
    for sentence in (one.sentence, one.ground, one.now):
        if sentence:
            out.print(escape(sentence))
    if one.tested:
        _tested(one.tested)
    elif one.fitted:
        out.print("\nIt was not tested on an earlier past: there are not facts enough before an earlier instant.")
    if one.changes or one.steady:
        out.print("\n[bold]Drift since earlier runs[/]")
        for change in one.changes:
            out.print(f"  {'[red]![/] ' if change.alarm else ''}{escape(change.text)}", soft_wrap=True)
        if one.steady:
            out.print(f"  {escape(one.steady)}", soft_wrap=True)
    for note in one.notes:
        out.print(f"[dim]note:[/] {escape(note)}", soft_wrap=True)


def _tested(test: Trial) -> None:
    out.print(f"\n[bold]Back-test[/]  {escape(test.ground)}")
    if test.verdict:
        out.print(f"[bold]{escape(test.verdict)}[/]")
    for warning in test.warnings:
        out.print(f"[yellow]![/] {escape(warning)}")
    _measures(test)
    _rows("Foretold and came, by forecast", test.groups)
    if test.lift:
        out.print(f"\n[bold]Tenths by {'likeness' if test.resembles else 'forecast'}[/]  {escape(test.lift_summary)}")
        heads = ("hidden members there",) if test.resembles else ("foretold", "came")
        table = _table("tenth", *heads, "times average")
        for tenth in test.lift:
            table.add_row(tenth.name, *([] if test.resembles else [tenth.foretold]), tenth.came, tenth.times)
        out.print(table)
    _rows(test.over_time_title[0], test.over_time)
    _rows("By cohort", test.cohorts)


def _measures(test: Trial) -> None:
    if not test.measures:
        return
    out.print()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Measure", "Of"):
        table.add_column(heading)
    for heading in ("Value", "95 % interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    for measure in test.measures:
        name = measure.name
        for of, score in zip(test.forecasters, measure.scores, strict=True):
            if score is not None:
                style = "bold" if score.best else None
                table.add_row(escape(name), escape(of), score.text, score.interval, style=style)
                name = ""
    out.print(table)


def _rows(title: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    out.print(f"\n[bold]{title}[/]")
    table = _table("", "customers", "foretold", "came", "95 % interval", "")
    for row in rows:
        sign = {True: "[green]✓[/]", False: "[red]✗[/]", None: ""}[row.held]
        table.add_row(escape(row.name), row.customers, row.foretold, row.came, row.interval, sign)
    out.print(table)


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for place, heading in enumerate(heads):
        table.add_column(heading, justify="right" if place else "left")
    return table
