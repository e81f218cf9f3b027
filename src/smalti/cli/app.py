"""The commands. Each turns words into a call and an answer into words; what is right is decided further down."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from smalti.cli import foretold, past, planning, proving, show
from smalti.cli.finish import NOT_PASSED, WRONG_INPUT, in_words, print_json
from smalti.engine import (
    RUNS,
    Options,
    Run,
    assess_project,
    check_read,
    history,
    make_demo,
    run_project,
    run_timelines,
)
from smalti.errors import SmaltiError
from smalti.project import (
    FILE_NAME,
    Origin,
    Project,
    begin_project,
    load_project,
    project_schema,
    read_project,
    write_project,
)
from smalti.report import card, summary, tell, tell_card, tell_quality
from smalti.rules import json_schema

app = typer.Typer(
    name="smalti",
    help="Raw customer data in, a plan for every single customer out.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Files = Annotated[
    list[str] | None, typer.Argument(help="Files or globs: CSV, TSV, Parquet, JSON Lines, Excel, gzipped too.")
]
Customer = Annotated[
    str | None, typer.Option(help="Column with the customer's id.", rich_help_panel="What the columns mean")
]
At = Annotated[str | None, typer.Option(help="Column with the date.", rich_help_panel="What the columns mean")]
Amount = Annotated[str | None, typer.Option(help="Column with the money.", rich_help_panel="What the columns mean")]
CurrencyCode = Annotated[str | None, typer.Option("--currency", help="Currency of all money, such as EUR.")]
Zone = Annotated[str | None, typer.Option("--time-zone", help="Zone of dates that carry none, such as Europe/London.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="The instant asked about; the latest fact's if left out.")]
RunsAt = Annotated[
    Path | None, typer.Option("--to", help="Folder of runs; .smalti/runs beside the project if left out.")
]
At_ = Annotated[Path, typer.Option("--project", help="Folder with smalti.yml.")]
Folder = Annotated[Path, typer.Argument(help="Folder with smalti.yml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")]


def main() -> None:
    """Run the command line."""
    app()


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"smalti {version('smalti')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")] = False,
) -> None:
    pass


@app.command()
def run(
    files: Files = None,
    customer: Customer = None,
    at: At = None,
    amount: Amount = None,
    currency: CurrencyCode = None,
    as_of: AsOf = None,
    to: RunsAt = None,
    as_json: AsJson = False,
) -> None:
    """Make a run: of the project in this folder or in the one named, or straight from files.

    [bold]Examples[/]

    smalti run orders.csv

    smalti run sales/*.csv.gz customers.csv --currency EUR

    smalti run lines.csv --customer client_no --at sold_on --amount net

    smalti run shop --as-of 2026-06-30
    """
    with in_words(as_json=as_json):
        said = _said(customer=customer, at=at, amount=amount)
        begun = _begun(files, said, _said(currency=currency))
        options = Options(home=begun.home, to=to, as_of=as_of, guess=begun.guess)
        if as_json:
            print_json(_in_json(run_project(begun.project, options, origin=begun.origin)))
            return
        show.guesses(begun.guess)
        with show.progress() as steps:
            made = run_project(begun.project, options, origin=begun.origin, progress=steps.begin)
        show.summary(made, summary(made.info, _of_summary(made)))


def _folder(project: Path) -> Path:
    """Give the folder of a project that may be named by its file."""
    return project.parent if project.name == FILE_NAME and project.is_file() else project


def _said(**given: str | None) -> dict[str, str]:
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class _Begun:
    """What is to be run, and from where."""

    project: Project
    origin: Origin
    home: Path
    guess: tuple[str, ...]


def _begun(files: list[str] | None, said: dict[str, str], settings: dict[str, str]) -> _Begun:
    folder = _folder(Path(files[0])) if files else Path()
    if files and not (len(files) == 1 and (folder / FILE_NAME).is_file()):
        begun = begin_project(files, settings=settings, overrides=said)
        return _Begun(begun.project, Origin(), Path(), begun.sentences)
    if said or settings:
        told = ", ".join(f"--{name}" for name in (*said, *settings))
        raise SmaltiError(f"{told} goes with files; the project in '{folder}' says it in its {FILE_NAME}")
    project, origin = load_project(folder)
    return _Begun(project, origin, folder, ())


def _in_json(made: Run) -> dict[str, Any]:
    kept = ("project", "as_of", "customers", "currency", "totals", "account", "notes", "tables", "timings")
    return {"run": made.id, "path": str(made.path), "report": str(made.report)} | {
        name: made.info[name] for name in kept
    }


@app.command()
def init(
    files: Annotated[list[str], typer.Argument(help="Files or globs to look at.")],
    to: Annotated[Path, typer.Option("--to", help="Folder for the project; made if it is missing.")] = Path(),
    customer: Customer = None,
    at: At = None,
    amount: Amount = None,
    currency: CurrencyCode = None,
    time_zone: Zone = None,
) -> None:
    """Write a project folder with a commented smalti.yml, made from what the files seem to be.

    [bold]Example[/]

    smalti init data/orders.csv data/customers.csv --currency GBP --time-zone Europe/London
    """
    with in_words():
        said = _said(customer=customer, at=at, amount=amount)
        begun = begin_project(files, settings=_said(currency=currency, time_zone=time_zone), overrides=said)
        file = write_project(begun.moved(to), to)
        show.guesses(begun.sentences)
        show.paragraphs(
            f"wrote {file}\nnext: " + (f"cd {to} && " if to != Path() else "") + "smalti check, then smalti run"
        )


@app.command()
def check(
    project: Folder = Path(),
    quality: Annotated[
        bool, typer.Option("--quality", help="Test every segmentation too: is it worth having?")
    ] = False,
    as_of: AsOf = None,
    everything: Annotated[bool, typer.Option("--all", help="With --quality: tell every finding against it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find every error of the definitions at once, before anything runs.

    With --quality all segmentations are tested on the facts as well: distinct, substantial, reachable, actionable, stable,
    durable, relevant. Ends with status 3 if one of them does not pass.

    [bold]Examples[/]

    smalti check shop

    smalti check shop --quality
    """
    if quality:
        _gate(project, as_of, everything=everything, as_json=as_json)
        return
    with in_words(as_json=as_json):
        if as_of is not None or everything:
            raise SmaltiError(f"{'--as-of' if as_of is not None else '--all'} goes with --quality")
        work, notes = check_read(read_project(project), _folder(project))
        if as_json:
            print_json(
                {"problems": [], "notes": list(notes), "work": [{"step": one.step, "about": one.about} for one in work]}
            )
            return
        show.out.print("[green]all definitions are right[/]; a run would:")
        for one in work:
            show.out.print(f"  {one.step:<12} {one.about}", markup=False, soft_wrap=True)
        for note in notes:
            show.out.print(f"note: {note}", markup=False, soft_wrap=True)


def _gate(project: Path, as_of: str | None, *, everything: bool, as_json: bool) -> None:
    with in_words(as_json=as_json):
        definitions, origin = load_project(_folder(project))
        options = Options(home=_folder(project), as_of=as_of)
        if as_json:
            found = assess_project(definitions, options, origin=origin)
            print_json(found.info() | {"findings": found.table().to_pylist()})
        else:
            with show.progress() as steps:
                found = assess_project(definitions, options, origin=origin, progress=steps.begin)
            show.gate(tell_quality(found.info(), found.table(), shown=None if everything else 6))
    if not found.passed:
        raise typer.Exit(NOT_PASSED)


@app.command("test")
def run_tests(
    timelines: Annotated[
        list[Path] | None, typer.Argument(help="Timelines, or folders of them; the folder timelines if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run timelines: what happens to a few customers, and what shall be so then; in batch, live, and by the law.

    Ends with status 2 if anything is not as wanted, and with 1 if batch, live and law differ among themselves.

    [bold]Examples[/]

    smalti test

    smalti test timelines/leaves_after_thirty_days.yml
    """
    with in_words(as_json=as_json):
        outcomes = []
        for outcome in run_timelines(timelines or [Path("timelines")]):
            outcomes.append(outcome)
            if not as_json:
                show.outcome(outcome)
        if as_json:
            print_json([outcome.to_dict() for outcome in outcomes])
        else:
            show.outcomes(outcomes)
    if not all(outcome.right for outcome in outcomes):
        raise typer.Exit(1 if any(outcome.disagrees for outcome in outcomes) else WRONG_INPUT)


@app.command()
def schema(
    rules: Annotated[
        bool, typer.Option("--rules", help="Of a rule as a tree in JSON, in place of the project's file.")
    ] = False,
) -> None:
    """Print the JSON Schema of smalti.yml, by which an editor completes and underlines.

    [bold]Example[/]

    smalti schema > smalti.schema.json
    """
    with in_words():
        print_json(json_schema() if rules else project_schema())


@app.command()
def explain(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    to: RunsAt = None,
    project: At_ = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell who a customer is, where she is on the value map, what is wanted for her, why, and what would change that.

    [bold]Example[/]

    smalti explain C000042
    """
    with in_words(as_json=as_json):
        story = _newest(project, to).customer(customer).story
        if as_json:
            print_json(story.to_dict())
        else:
            show.paragraphs(tell(story))


@app.command()
def personas(
    segment: Annotated[str | None, typer.Argument(help="A segment by name or title; all of them if left out.")] = None,
    to: RunsAt = None,
    project: At_ = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell segments as somebody to speak to: what sets them apart, two real members, what to do, and what it hides.

    [bold]Examples[/]

    smalti personas

    smalti personas champions
    """
    with in_words(as_json=as_json):
        made = _newest(project, to)
        cards = [card(row, made.info) for row in made.personas_of(segment)]
        if as_json:
            print_json([one.to_dict() for one in cards])
        else:
            show.paragraphs("\n\n\n".join(map(tell_card, cards)))


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="A model by name or title; all of them if left out.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="A run by its id; the newest if left out.")] = None,
    to: RunsAt = None,
    project: At_ = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell what the models foretell, how good they were on a past they had not seen, and what has drifted since.

    [bold]Examples[/]

    smalti models

    smalti models buying

    smalti models will_buy --json
    """
    with in_words(as_json=as_json):
        made = Run.named(to if to is not None else project / RUNS, run_id) if run_id else _newest(project, to)
        foretold.tell(made, name, as_json=as_json)


@app.command("history")
def look_back(
    segment: Annotated[str | None, typer.Argument(help="A segment; all of them if left out.")] = None,
    customer: Annotated[str | None, typer.Option(help="One customer's spells, by her id.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Leave out runs after this instant, or this run.")
    ] = None,
    to: RunsAt = None,
    project: At_ = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell who entered and left which segment from run to run, where they went, and how long members stay.

    [bold]Examples[/]

    smalti history

    smalti history champions --as-of 2026-03-31

    smalti history --customer C000042
    """
    with in_words(as_json=as_json):
        if segment is not None and customer is not None:
            raise SmaltiError("found a segment and --customer, wanted one of them")
        known = history(to if to is not None else project / RUNS)
        past.tell(known.until(as_of) if as_of is not None else known, segment, customer, as_json=as_json)


@app.command()
def report(
    to: RunsAt = None,
    project: At_ = Path(),
    show_only: Annotated[bool, typer.Option("--path", help="Only say where it is.")] = False,
) -> None:
    """Open the newest report in the browser.

    [bold]Example[/]

    smalti report
    """
    with in_words():
        page = _newest(project, to).report
        show.line(str(page))
        if not show_only:
            webbrowser.open(page.resolve().as_uri())


@app.command()
def demo(
    customers: Annotated[int, typer.Option(help="How many customers to invent.", min=1, max=2_000_000)] = 2000,
    to: Annotated[Path, typer.Option("--to", help="Folder for the invented shop.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Another seed, another shop.", min=0)] = 7,
) -> None:
    """Invent a shop and do the whole job on it.

    [bold]Example[/]

    smalti demo --customers 20000
    """
    with in_words():
        with show.progress() as steps:
            made = make_demo(to, customers=customers, seed=seed, progress=steps.begin)
        show.summary(made, summary(made.info, _of_summary(made)))
        someone = made.folder.table("strategies", columns=["customer_id"])["customer_id"][0].as_py()
        show.paragraphs(
            f"\nnext: cd {to} && smalti report, or smalti explain {someone}, or look at {FILE_NAME} and smalti run"
        )


planning.add_to(app)
proving.add_to(app)


def _of_summary(made: Run) -> dict[str, pa.Table]:
    """Give the tables that a summary is made of, as far as the run has them."""
    names = ("playbook", "plan_totals", "plan_limits")
    return {name: made.folder.table(name) for name in names if name in made.folder.tables}


def _newest(project: Path, to: Path | None) -> Run:
    return Run.newest(to if to is not None else project / RUNS)
