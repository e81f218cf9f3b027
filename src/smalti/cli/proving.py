"""``smalti prove`` and ``smalti power``: evidence from a file or from a project, and how much of it is needed beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from smalti.cli import evidence, show
from smalti.cli.finish import in_words, print_json
from smalti.cli.said import as_number, budgets, named_columns, named_numbers, shares
from smalti.cli.taking import taking
from smalti.engine import Options
from smalti.engine.experimenting import prove_project
from smalti.engine.proving import Asked, Proved, Sizes, prove_file, size_trial
from smalti.errors import SmaltiError
from smalti.experiments.proof import SHARES
from smalti.project import FILE_NAME, load_project

_COLUMNS = "What the columns mean"
_MONEY = "Money"
_HOW = "How it is proven"


@dataclass(frozen=True)
class ProveSaid:
    """The options of ``smalti prove``."""

    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE...|EXPERIMENT]", help="Files or globs; or an experiment of the project in this folder."
        ),
    ] = None
    customer: Annotated[
        str | None,
        typer.Option(
            help="Column with the customer's id; every row is one if there is none.", rich_help_panel=_COLUMNS
        ),
    ] = None
    arm: Annotated[str | None, typer.Option(help="Column with what was done.", rich_help_panel=_COLUMNS)] = None
    probability: Annotated[
        str | None, typer.Option(help="Column with the chance of just that.", rich_help_panel=_COLUMNS)
    ] = None
    outcome: Annotated[
        list[str] | None, typer.Option(help="Column with what came of it; may be said again.", rich_help_panel=_COLUMNS)
    ] = None
    by: Annotated[
        list[str] | None,
        typer.Option(help="Column whose segments are to be proven; may be said again.", rich_help_panel=_COLUMNS),
    ] = None
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--from", help="Column known of customers beforehand; may be said again.", rich_help_panel=_COLUMNS
        ),
    ] = None
    rank: Annotated[
        list[str] | None,
        typer.Option(
            help="Column by which customers were ranked so far: value=history, recency=, frequency=; may be said again.",
            rich_help_panel=_COLUMNS,
        ),
    ] = None
    control: Annotated[
        str | None, typer.Option(help="The arm that the others are held against.", rich_help_panel=_HOW)
    ] = None
    share: Annotated[
        list[str] | None, typer.Option(help="The planned share of an arm, such as mail=50%.", rich_help_panel=_HOW)
    ] = None
    observational: Annotated[
        bool,
        typer.Option(
            "--observational", help="Arms were not drawn at random: estimate their chances.", rich_help_panel=_HOW
        ),
    ] = False
    cost: Annotated[
        list[str] | None,
        typer.Option(help="What a contact costs: 0.50 for every arm, or mail=0.50.", rich_help_panel=_MONEY),
    ] = None
    worth: Annotated[
        list[str] | None,
        typer.Option(help="What one unit of an outcome is worth: 0.40, or visit=1.50.", rich_help_panel=_MONEY),
    ] = None
    cap: Annotated[
        list[str] | None,
        typer.Option(
            help="Cap large amounts: 500, or 99.9% of those who have any; or spend=500.", rich_help_panel=_HOW
        ),
    ] = None
    budget: Annotated[
        list[str] | None,
        typer.Option(
            help="Contact at most 20% of customers, or spend at most 5000; may be said again.", rich_help_panel=_MONEY
        ),
    ] = None
    currency: Annotated[
        str | None, typer.Option(help="Currency of all money, such as EUR.", rich_help_panel=_MONEY)
    ] = None
    learner: Annotated[str, typer.Option(help="How effects are learnt: dr, t, x or r.", rich_help_panel=_HOW)] = "dr"
    folds: Annotated[int, typer.Option(help="In how many parts customers are cut.", rich_help_panel=_HOW)] = 5
    seed: Annotated[int, typer.Option(help="Of everything drawn.", min=0, rich_help_panel=_HOW)] = 0
    project: Annotated[Path, typer.Option("--project", help="Folder with smalti.yml, where no file is named.")] = Path()
    to: Annotated[Path | None, typer.Option("--to", help="Write it as a page, such as proof.html.")] = None
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")] = False

    @property
    def asked(self) -> Asked:
        """The same as the engine takes it."""
        return Asked(
            customer=self.customer,
            arm=self.arm,
            probability=self.probability,
            outcomes=tuple(self.outcome or ()),
            control=self.control,
            cost=named_numbers(self.cost or (), "cost"),
            worth=named_numbers(self.worth or (), "worth"),
            cap=named_numbers(self.cap or (), "cap"),
            by=tuple(self.by or ()),
            attributes=tuple(self.attribute or ()),
            ranks=named_columns(self.rank or (), "rank"),
            budgets=budgets(self.budget) if self.budget else SHARES,
            shares=shares(self.share or ()),
            observational=self.observational,
            currency=self.currency,
            learner=self.learner,
            folds=self.folds,
            seed=self.seed,
        )

    @property
    def about_files(self) -> list[str]:
        """The options that only go with files."""
        given = {"customer": self.customer, "arm": self.arm, "probability": self.probability, "outcome": self.outcome}
        given |= {
            "by": self.by,
            "from": self.attribute,
            "rank": self.rank,
            "control": self.control,
            "share": self.share,
            "cost": self.cost,
        }
        given |= {"worth": self.worth, "cap": self.cap, "budget": self.budget, "currency": self.currency}
        return [f"--{name}" for name, value in given.items() if value]


@taking(ProveSaid)
def prove(said: ProveSaid) -> None:
    """Prove from a trial: does it work, for whom, and is one-to-one better than segments, and segments than one for all?

    Takes a file with a row for each customer: what was done to her (the arm), what came of it, what was known of her before,
    and the chance with which the arm was chosen, if it was not the same for all. Without a file, the experiments of the
    project in this folder are proven whose time has passed.

    [bold]Examples[/]

    smalti prove trial.csv

    smalti prove trial.csv --arm group --outcome spend --cost 0.50 --to proof.html

    smalti prove spring_mail
    """
    with in_words(as_json=said.as_json):
        proved = _of_files(said) if _names_files(said) else _of_project(said)
        if said.to is not None:
            _write(proved, said.to)
        if said.as_json:
            print_json(proved[0].to_dict() if len(proved) == 1 else [one.to_dict() for one in proved])
            return
        for one in proved:
            evidence.proved(one.to_dict())
        if said.to is not None:
            show.line(f"\npage    {said.to}")


def _names_files(said: ProveSaid) -> bool:
    """Say whether files are named, and not an experiment."""
    if not said.what:
        return False
    first = said.what[0]
    is_file = Path(first).exists() or any(sign in first for sign in "*?[") or len(said.what) > 1
    return is_file or bool(Path(first).suffix) or not (said.project / FILE_NAME).is_file()


def _of_files(said: ProveSaid) -> list[Proved]:
    asked = said.asked
    if said.as_json:
        return [prove_file(said.what or (), asked)]
    with show.progress() as steps:
        return [prove_file(said.what or (), asked, progress=steps.begin)]


def _of_project(said: ProveSaid) -> list[Proved]:
    if not (said.project / FILE_NAME).is_file():
        raise SmaltiError(
            f"found no file, and no {FILE_NAME} in '{said.project}'; wanted smalti prove FILE, or a project with experiments"
        )
    if said.about_files:
        raise SmaltiError(f"{', '.join(said.about_files)} goes with files; the project says it in its {FILE_NAME}")
    project, origin = load_project(said.project)
    options = Options(home=said.project)
    name = said.what[0] if said.what else None
    if said.as_json:
        return list(prove_project(project, options, name, origin=origin))
    with show.progress() as steps:
        return list(prove_project(project, options, name, origin=origin, progress=steps.begin))


def _write(proved: Sequence[Proved], to: Path) -> None:
    if len(proved) > 1:
        raise SmaltiError(
            f"--to: there are {len(proved)} experiments and one page; name one of them: smalti prove NAME --to {to}"
        )
    if to.is_dir():
        raise SmaltiError(f"--to: '{to}' is a folder; wanted a file such as {to / 'proof.html'}")
    proved[0].write(to)


@dataclass(frozen=True)
class PowerSaid:
    """The options of ``smalti power``."""

    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="Files of customers of before, to take the outcome from."),
    ] = None
    outcome: Annotated[str | None, typer.Option(help="Column of the files with the outcome, or its name.")] = None
    rate: Annotated[str | None, typer.Option(help="Share of customers who do it without a treatment, such as 2%.")] = (
        None
    )
    mean: Annotated[float | None, typer.Option(help="Mean per customer without a treatment, such as 12.50.")] = None
    deviation: Annotated[float | None, typer.Option(help="With --mean: the standard deviation between customers.")] = (
        None
    )
    effect: Annotated[
        str | None, typer.Option(help="The effect to be seen per customer, such as 0.01; or 10%, of what it is now.")
    ] = None
    customers: Annotated[
        int | None, typer.Option(help="How many customers there are: which effect can be seen?", min=4)
    ] = None
    arms: Annotated[str, typer.Option(help="The arms, or how many; the first is the control.")] = "control,treated"
    share: Annotated[list[str] | None, typer.Option(help="The share of an arm, such as control=20%.")] = None
    power: Annotated[str, typer.Option(help="The chance that the effect is seen.")] = "80%"
    outcomes: Annotated[int, typer.Option(help="How many outcomes are looked at together.", min=1)] = 1
    every_look: Annotated[bool, typer.Option("--every-look", help="People look before the end.")] = False
    per_day: Annotated[float, typer.Option(help="Customers who come in on a day.", min=0)] = 0.0
    at_once: Annotated[int, typer.Option(help="Customers who are there when it starts.", min=0)] = 0
    within: Annotated[float, typer.Option(help="Days after the treatment in which the outcome is counted.", min=0)] = (
        0.0
    )
    cost: Annotated[list[str] | None, typer.Option(help="What a contact costs: 0.50, or mail=0.50.")] = None
    worth: Annotated[
        float | None, typer.Option(help="What one unit of the outcome is worth; of a rate, of each who does it.")
    ] = None
    currency: Annotated[str | None, typer.Option(help="Currency of all money, such as EUR.")] = None
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for a machine.")] = False

    @property
    def asked(self) -> Sizes:
        """The same as the engine takes it.

        Raises:
            SmaltiError: A number cannot be read.
        """
        return Sizes(
            files=tuple(self.files or ()),
            outcome=self.outcome,
            rate=_number(self.rate, "rate"),
            mean=self.mean,
            deviation=self.deviation,
            effect=_number(self.effect, "effect"),
            relative=(self.effect or "").strip().endswith("%"),
            customers=self.customers,
            arms=_arms(self.arms),
            shares=shares(self.share or ()),
            power=_number(self.power, "power") or 0.0,
            outcomes=self.outcomes,
            every_look=self.every_look,
            per_day=self.per_day,
            at_once=self.at_once,
            within=self.within,
            cost=named_numbers(self.cost or (), "cost"),
            worth=self.worth,
            currency=self.currency,
        )


def _number(text: str | None, option: str) -> float | None:
    if text is None:
        return None
    found = as_number(text)
    if found is None:
        raise SmaltiError(f"--{option}: found '{text}', wanted a number such as 0.02 or 2%")
    return found


def _arms(text: str) -> tuple[str, ...]:
    if text.strip().isdigit():
        number = int(text)
        return ("control", "treated") if number == 2 else ("control", *(f"arm {place}" for place in range(1, number)))
    return tuple(name.strip() for name in text.split(",") if name.strip())


@taking(PowerSaid)
def power(said: PowerSaid) -> None:
    """Before a trial: how many customers it takes, how long, what it costs; or which effect can be seen with those there are.

    Takes what the outcome is now from a file of customers of before, or as --rate, or as --mean and --deviation.

    [bold]Examples[/]

    smalti power --rate 2% --effect 10% --per-day 500 --within 14 --cost 0.50

    smalti power last_trial.csv --outcome spend --customers 40000

    smalti power --mean 12.50 --deviation 40 --effect 1 --arms none,mail,letter --every-look
    """
    with in_words(as_json=said.as_json):
        sized = size_trial(said.asked)
        if said.as_json:
            print_json(sized.to_dict())
        else:
            for sentence in sized.sentences:
                show.paragraphs(sentence)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("prove")(prove)
    app.command("power")(power)
