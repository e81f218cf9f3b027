"""What is printed for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from smalti.engine import Outcome, Run
from smalti.project import Work
from smalti.report import Gate, Summary, Told


class _Terminal(Console):
    """A console that leaves it to `smalti.cli.finish` what to do when the reader of a pipe has gone away."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


out = _Terminal(highlight=False, emoji=False)
"""What was asked for."""
complaints = _Terminal(stderr=True, highlight=False, emoji=False)
"""Progress, and what went wrong."""


@contextmanager
def progress() -> Iterator[Steps]:
    """Show the steps of a run while they are done."""
    columns = (SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=complaints, transient=False) as bar:
        steps = Steps(bar)
        yield steps
        steps.done()


class Steps:
    """A line for each step, the running one with a spinner."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._running: int | None = None

    def begin(self, work: Work) -> None:
        """Show the next step."""
        self.done()
        self._running = self._bar.add_task(f"[bold]{work.step}[/]  {escape(work.about)}", total=1)

    def done(self) -> None:
        """Show the running step as done."""
        if self._running is not None:
            self._bar.update(self._running, completed=1)  # type: ignore[arg-type]
            self._running = None


def guesses(sentences: Sequence[str]) -> None:
    """Print what was guessed about files."""
    if sentences:
        complaints.print("[bold]What I take this to be[/]")
        for line in sentences:
            complaints.print(f"  {escape(line)}", soft_wrap=True)
        complaints.print("  [dim]wrong? say --customer, --at, --amount, or make a project with smalti init[/]")


def summary(run: Run, told: Summary) -> None:
    """Print a run's summary, and where things lie."""
    out.print(f"\n[bold]{escape(told.project)}[/]: {told.customers} as of {told.as_of}", soft_wrap=True)
    for title, value in told.values:
        out.print(f"  {title:<20} {value:>16}")
    out.print(
        f"  {'Expected gain':<20} {escape(told.gain):>16}  [dim]if every primary strategy is tried once[/]",
        soft_wrap=True,
    )
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading, side in (
        ("Primary strategy", "left"),
        ("Customers", "right"),
        ("Share", "right"),
        ("Expected gain", "right"),
    ):
        table.add_column(heading, justify=side, no_wrap=heading != "Primary strategy")  # type: ignore[arg-type]
    table.add_column("80 % interval")
    table.add_column("Success")
    for line in told.strategies:
        table.add_row(
            *(escape(text) for text in (line.title, line.customers, line.share, line.gain, line.interval, line.success))
        )
    out.print()
    out.print(table)
    out.print()
    if told.plan:
        out.print(f"[bold]The plan[/]: {escape(told.plan[0])}", soft_wrap=True)
        for sentence in told.plan[1:]:
            out.print(f"  {escape(sentence)}", soft_wrap=True)
        out.print()
    for sentence in told.accounts:
        out.print(escape(sentence), style="green" if told.balanced else "red", soft_wrap=True)
    for account in run.info["account"]:
        for reason in account["reasons"]:
            out.print(
                f"  {escape(account['source'])} set aside: {reason['rows']:,} x {escape(reason['reason'])}",
                soft_wrap=True,
            )
    for note in told.notes:
        out.print(f"[dim]note:[/] {escape(note)}", soft_wrap=True)
    out.print(f"\nrun     {run.path}", soft_wrap=True, markup=False)
    out.print(f"report  {run.report}", soft_wrap=True, markup=False)


def paragraphs(text: str) -> None:
    """Print text as it is, wrapped to the terminal."""
    out.print(text, markup=False)


def line(text: str) -> None:
    """Print text as it is on one line, however long, for another program to read."""
    out.print(text, markup=False, soft_wrap=True)


def outcome(told: Outcome) -> None:
    """Print what came of one timeline."""
    out.print(escape(str(told)), style=None if told.right else "red", soft_wrap=True)


def outcomes(told: Sequence[Outcome]) -> None:
    """Print what came of all timelines together."""
    wrong = sum(not one.right for one in told)
    checked = sum(one.checked for one in told)
    readings = ", ".join(told[0].readings) if told else ""
    if not wrong:
        count = f"{len(told):,} timeline{'' if len(told) == 1 else 's'}"
        count += f", {checked:,} expectation{'' if checked == 1 else 's'}"
        out.print(f"[green]all right[/]: {count}, each by {readings}", soft_wrap=True)
        return
    out.print(f"[red]{wrong} of {len(told)} timelines are not as wanted[/]", soft_wrap=True)
    if any(one.disagrees for one in told):
        out.print("the readings differ from one another: that is a defect of smalti, please report it", soft_wrap=True)


_SIGNS = {"passed": "[green]✓[/]", "warned": "[yellow]![/]", "failed": "[red]✗[/]", "not shown": "[dim]–[/]"}


def gate(told: Gate) -> None:
    """Print what the quality gate found."""
    for one in told.judged:
        colour = "green" if one.passed else "red"
        out.print(f"\n[bold]{escape(one.title)}[/]  [{colour}]{escape(one.verdict)}[/]", soft_wrap=True)
        out.print("  " + "  ".join(f"{_SIGNS[answer.state]} {answer.test}" for answer in one.answers), soft_wrap=True)
        for finding in one.findings:
            _finding(finding)
        if one.more:
            out.print("  [dim]more with --all or --json[/]")
    if told.others:
        out.print("\n[bold]Overlooked[/]")
        for finding in told.others:
            _finding(finding)
    out.print(f"\n{escape(told.evidence)}\n{escape(told.summary)}", soft_wrap=True)


def _finding(told: Told) -> None:
    colour = "red" if told.severity == "fail" else "yellow"
    out.print(
        f"  [{colour}]{escape(told.about)}[/]: {escape(told.found)} [italic]{escape(told.advice)}[/]", soft_wrap=True
    )
