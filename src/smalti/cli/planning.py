"""``smalti plan``, ``decide`` and ``simulate``: what is done for whom, what one customer gets now, and what to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from smalti.cli import show
from smalti.cli.finish import TOO_MANY_MOVED, in_words, print_json
from smalti.cli.taking import taking
from smalti.engine import RUNS, Options, Run, check_read, compare, plan_project
from smalti.engine.simulating import Simulating, simulate
from smalti.errors import SmaltiError
from smalti.project import FILE_NAME, Origin, Project, load_project, read_project
from smalti.report import (
    Changes,
    PlanTold,
    changes_markdown,
    changes_text,
    plan_markdown,
    plan_text,
    simulation_text,
    tell_decision,
    tell_plan,
)

_CHANNELS, _CONTACTED = "channels", "contacted"
_WHAT = "What is simulated"
_WORLD = "The world that is planted"


class Part(StrEnum):
    """What ``smalti plan`` shows."""

    BOTH = "both"
    PLAN = "plan"
    CHANGES = "changes"


@dataclass(frozen=True)
class PlanSaid:
    """The options of ``smalti plan``."""

    project: Annotated[Path, typer.Argument(help="Folder with smalti.yml.")] = Path()
    against: Annotated[
        str | None,
        typer.Option(help="A run by its id, or a folder with another smalti.yml; the newest run if left out."),
    ] = None
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="The instant asked about; if left out, of the plan the latest fact's, of changes the newest run's.",
        ),
    ] = None
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of runs; .smalti/runs beside the project if left out.")
    ] = None
    fail_if_moved: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="End with status 3 if more than this share of the customers would move, such as 0.05."
        ),
    ] = None
    part: Annotated[Part, typer.Option("--show", help="The plan, what changed definitions would do, or both.")] = (
        Part.BOTH
    )
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")] = False
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Answer in Markdown, for a pull request; no customer is named.")
    ] = False

    @property
    def folder(self) -> Path:
        """The folder of a project that may be named by its file."""
        return self.project.parent if self.project.name == FILE_NAME and self.project.is_file() else self.project

    @property
    def options(self) -> Options:
        """The same as the engine takes it."""
        return Options(home=self.folder, to=self.to, as_of=self.as_of)


@dataclass(frozen=True)
class _Shown:
    """What is shown: the plan, what changed definitions would do, or both."""

    info: dict[str, Any] | None
    told: PlanTold | None
    changes: Changes | None

    def to_dict(self) -> dict[str, Any]:
        """Give all of it for a machine."""
        found = self.changes.to_dict() if self.changes is not None else {}
        return found | ({"plan": self.info} if self.info is not None else {})

    def written(self, *, markdown: bool) -> str:
        """Give all of it for people: the plan first."""
        parts = []
        if self.told is not None:
            parts.append(plan_markdown(self.told) if markdown else plan_text(self.told) + "\n")
        if self.changes is not None:
            parts.append(changes_markdown(self.changes) if markdown else changes_text(self.changes))
        return "\n".join(parts).rstrip()


@taking(PlanSaid)
def plan(said: PlanSaid) -> None:
    """Show the plan: who gets what, when, why, what it is worth; and what changed definitions would do.

    Nothing is published. Where the project has treatments, the plan is made as of now, within the limits, the best for all
    customers at once.
    Then the definitions in this folder are compared with those of the newest run, both on the same data as of the same
    instant: who would enter a segment, leave it, change strategy.

    Ends with status 0; with 2 if definitions or input are wrong or limits contradict each other; with 3 if --fail-if-moved
    was exceeded.

    [bold]Examples[/]

    smalti plan

    smalti plan shop --show plan

    smalti plan shop --markdown > changes.md

    smalti plan --against ../main/shop --fail-if-moved 0.05
    """
    with in_words(as_json=said.as_json):
        if said.as_json and said.as_markdown:
            raise SmaltiError("found --json and --markdown, wanted one of them")
        check_read(read_project(said.project), said.folder)
        read, origin = load_project(said.project)
        shown = _looked(said, read, origin)
        if said.as_json:
            print_json(shown.to_dict())
        else:
            show.line(shown.written(markdown=said.as_markdown))
    moved = shown.changes
    if said.fail_if_moved is not None and moved is not None and moved.share_moved > said.fail_if_moved:
        show.complaints.print(
            f"{moved.moved:,} of {moved.customers:,} customers would move, "
            f"more than the share of {said.fail_if_moved:g} that is allowed",
            soft_wrap=True,
        )
        raise typer.Exit(TOO_MANY_MOVED)


def _looked(said: PlanSaid, read: Project, origin: Origin) -> _Shown:
    """Make the plan, and reckon what changed definitions would do."""
    if said.part is Part.PLAN and not read.treatments:
        raise SmaltiError(
            f"there is nothing to plan with: found no treatments: in {said.folder / FILE_NAME}, wanted at least one"
        )
    if said.part is Part.PLAN and (said.against is not None or said.fail_if_moved is not None):
        raise SmaltiError("--against and --fail-if-moved go with changes: found --show plan, wanted both or changes")
    if said.as_json:
        return _reckoned(said, read, origin, None)
    with show.progress() as steps:
        return _reckoned(said, read, origin, steps)


def _reckoned(said: PlanSaid, read: Project, origin: Origin, steps: show.Steps | None) -> _Shown:
    told: dict[str, Any] = {"origin": origin} | ({"progress": steps.begin} if steps is not None else {})
    info, planned, changes = None, None, None
    if read.treatments and said.part is not Part.CHANGES:
        made = plan_project(read, said.options, **told)
        planned = tell_plan(made.info, made.tables)
        totals = made.tables["plan_totals"].to_pylist()
        info = {name: value for name, value in made.info["plan"].items() if name != "decider"} | {"totals": totals}
    if said.part is not Part.PLAN:
        changes = compare(read, said.options, against=said.against, **told)
        if said.fail_if_moved is not None and changes.against is None:
            where = said.options.runs
            raise SmaltiError(f"--fail-if-moved needs something to compare with: there is no run in {where} yet")
    return _Shown(info, planned, changes)


def decide(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    context: Annotated[
        list[str] | None,
        typer.Option(help="What is known only now, such as cart_value=30 or now=2026-07-01T10:00; may be said again."),
    ] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="A run by its id; the newest if left out.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of runs; .smalti/runs beside the project if left out.")
    ] = None,
    project: Annotated[Path, typer.Option("--project", help="Folder with smalti.yml.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")] = False,
) -> None:
    """Decide what one customer gets now, by the prices of the limits of the newest run's plan.

    [bold]Examples[/]

    smalti decide C000042

    smalti decide C000042 --context spend_365d=410 --context channels=email,sms --json
    """
    with in_words(as_json=as_json):
        runs = to if to is not None else project / RUNS
        made = Run.named(runs, run_id) if run_id else Run.newest(runs)
        decision = made.decide(customer, said_context(context or ())).to_dict()
        if as_json:
            print_json(decision)
        else:
            hers = made.folder.table("plan", where=[("customer_id", "=", decision["customer"])]).to_pylist()
            going = [row for row in hers if row["chosen"] == "under way"]
            show.paragraphs(tell_decision(decision, made.info, going))


def said_context(said: Sequence[str]) -> dict[str, object]:
    """Read what is known only now, each as ``name=value``; what stands for nothing is missing.

    Values stay text, since what they mean is said by the traits they are of. Of `channels` several are parted by commas; of
    `contacted`, which may be said again, the instant stands before the channel and the purpose.

    Raises:
        SmaltiError: It has no name, or is said twice.

    >>> said_context(["cart_value=30", "channels=email, sms"])
    {'cart_value': '30', 'channels': ['email', 'sms']}
    >>> said_context(["contacted=2026-07-01T10:00 sms reward"])
    {'contacted': [{'at': '2026-07-01T10:00', 'channel': 'sms', 'purpose': 'reward'}]}
    """
    found: dict[str, object] = {}
    contacted = []
    for text in said:
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name:
            raise SmaltiError(f"--context: found '{text}', wanted NAME=VALUE such as cart_value=30")
        if name == _CONTACTED:
            contacted.append(_contacted(value))
        elif name in found:
            raise SmaltiError(f"--context: found '{name}' twice, wanted it once")
        elif name == _CHANNELS:
            found[name] = [one.strip() for one in value.split(",") if one.strip()]
        else:
            found[name] = value or None
    return found | ({_CONTACTED: contacted} if contacted else {})


def _contacted(text: str) -> dict[str, str]:
    parts = text.split(maxsplit=2)
    if len(parts) < 2:
        raise SmaltiError(
            f"--context: found '{_CONTACTED}={text}', wanted an instant and a channel, such as 2026-07-01T10:00 sms"
        )
    return dict(zip(("at", "channel", "purpose"), [*parts, ""], strict=False))


_ASKED = Simulating()


@dataclass(frozen=True)
class SimulateSaid:
    """The options of ``smalti simulate``."""

    customers: Annotated[int, typer.Option(help="How many customers to invent each time.", rich_help_panel=_WHAT)] = (
        _ASKED.customers
    )
    days: Annotated[int, typer.Option(help="How long contacts are spent.", rich_help_panel=_WHAT)] = _ASKED.days
    contacts: Annotated[
        float, typer.Option(help="How many contacts there are, as a share of the customers.", rich_help_panel=_WHAT)
    ] = _ASKED.contacts
    repetitions: Annotated[
        int, typer.Option(help="How often, each time with other customers.", rich_help_panel=_WHAT)
    ] = _ASKED.repetitions
    pilot: Annotated[
        float,
        typer.Option(
            help="Customers of the trial that effects are learnt from, for each other.", rich_help_panel=_WHAT
        ),
    ] = _ASKED.pilot
    who: Annotated[
        str,
        typer.Option(
            help="On what it depends which offer is best: noise, generic, segment, individual.", rich_help_panel=_WORLD
        ),
    ] = _ASKED.who
    fresh: Annotated[
        float, typer.Option(help="Days after which a moment of need is down to 1/e.", rich_help_panel=_WORLD)
    ] = _ASKED.fresh
    floor: Annotated[
        float,
        typer.Option(
            help="What a contact brings without a moment, of what it brings right after one.", rich_help_panel=_WORLD
        ),
    ] = _ASKED.floor
    rate: Annotated[
        float, typer.Option(help="The chance of an order right after a moment.", rich_help_panel=_WORLD)
    ] = _ASKED.rate
    margin: Annotated[float, typer.Option(help="What an order brings.", rich_help_panel=_WORLD)] = _ASKED.margin
    cost: Annotated[float, typer.Option(help="What a contact costs.", rich_help_panel=_WORLD)] = _ASKED.cost
    currency: Annotated[str, typer.Option(help="Currency of both, such as EUR.", rich_help_panel=_WORLD)] = (
        _ASKED.currency
    )
    seed: Annotated[int, typer.Option(help="Another seed, other customers.", rich_help_panel=_WHAT)] = _ASKED.seed
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")] = False

    @property
    def asked(self) -> Simulating:
        """The same as the engine takes it.

        Raises:
            SmaltiError: A number is outside what it can be.
        """
        known = {one.name for one in fields(Simulating)}
        return Simulating(**{name: value for name, value in asdict(self).items() if name in known})


@taking(SimulateSaid)
def simulate_plans(said: SimulateSaid) -> None:
    """What to expect: contacts at the right moment against the calendar, one for all against by segment and one to one.

    The same number of contacts is spent on invented customers of whom the truth is known, over and over, by smalti's own
    plans. Everything that decides the answer can be said.

    [bold]Examples[/]

    smalti simulate

    smalti simulate --contacts 0.5 --fresh 5 --who segment --json
    """
    with in_words(as_json=said.as_json):
        if said.as_json:
            print_json(simulate(said.asked).to_dict())
            return
        with show.progress() as steps:
            found = simulate(said.asked, progress=steps.begin)
        show.line(simulation_text(found.to_dict()))


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("plan")(plan)
    app.command("decide")(decide)
    app.command("simulate")(simulate_plans)
