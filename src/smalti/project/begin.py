"""A first project from what some files seem to be: for ``smalti run FILE...`` and ``smalti init``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from smalti.errors import DefinitionError, SmaltiError, SourceError
from smalti.facts import Type
from smalti.project.definition import Project
from smalti.project.load import FILE_NAME, problems_of
from smalti.project.places import Origin
from smalti.rules import write_name
from smalti.sources import Guess, SeenColumn, SourceDefinition, inspect
from smalti.sources.staging import own_names
from smalti.traits import TraitDefinition


@dataclass(frozen=True)
class Begun:
    """A project made from files, and what was guessed about them.

    Attributes:
        project: The project.
        guesses: What each file, or each set of files that are alike, seems to be.
        notes: What was taken for granted beyond the guesses, in sentences.
    """

    project: Project
    guesses: tuple[Guess, ...]
    notes: tuple[str, ...]

    def moved(self, folder: Path) -> Begun:
        """Give the same project for a folder, the names of its files as seen from there."""
        home = Path.cwd()
        sources = {
            name: source.changed(files=tuple(_seen_from(folder, home, file) for file in source.files))
            for name, source in self.project.sources
        }
        return replace(self, project=self.project.model_copy(update={"sources": tuple(sources.items())}))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was guessed, in sentences."""
        told = tuple(line for guess in self.guesses for line in guess.sentences()) + self.notes
        unstated = (
            ("money: of no stated currency (say which with --currency)",) if self.project.currency == "XXX" else ()
        )
        return told + unstated


def begin_project(
    files: Sequence[str],
    *,
    home: Path = Path(),
    settings: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Begun:
    """Look at files and make a project of them.

    Files of orders become one source, files of customers another; which is which is seen from their contents.

    Args:
        files: File names or globs.
        home: The folder that relative names start from.
        settings: Fields of the project, such as its currency; None counts as not said.
        overrides: What the user says about the files of orders, as `smalti.sources.inspect` takes it.

    Raises:
        SourceError: A file cannot be read, or what it holds cannot be seen.
        SmaltiError: No file is named, or a setting is wrong.
    """
    if not files:
        raise SmaltiError("no file is named; wanted at least one file of orders, such as: smalti run orders.csv")
    guesses = _merged([_look(file, home, dict(overrides or {})) for file in files])
    sources = {guess.kind: guess.definition() for guess in guesses}
    said = {name: value for name, value in (settings or {}).items() if value is not None}
    traits: dict[str, TraitDefinition] = {}
    notes: tuple[str, ...] = ()
    if "orders" not in sources:
        traits, notes = stand_ins(next(guess for guess in guesses if guess.kind == "customers"))
    fields: dict[str, Any] = {"name": _project_name(files[0]), "sources": sources, "traits": traits} | said
    try:
        return Begun(Project(**fields), tuple(guesses), notes)
    except ValidationError as error:
        raise DefinitionError(problems_of(error, fields, Origin())) from None


def _seen_from(folder: Path, home: Path, file: str) -> str:
    return file if Path(file).is_absolute() else os.path.relpath(home / file, home / folder)


def _look(file: str, home: Path, overrides: dict[str, Any]) -> Guess:
    try:
        return inspect(file, home=home, **overrides)
    except SourceError:
        if not overrides:
            raise
        guess = inspect(file, home=home)
        if guess.kind == "orders":
            raise
        return guess


def _merged(guesses: Sequence[Guess]) -> list[Guess]:
    """Make one guess of the files of one kind; they must be read by the same columns."""
    found: dict[str, Guess] = {}
    for guess in guesses:
        other = found.setdefault(guess.kind, guess)
        if other is guess:
            continue
        if _columns(other) != _columns(guess):
            raise SourceError(
                f"'{other.files[0]}' and '{guess.files[0]}' are both {guess.kind} but name their columns differently; "
                "files of one kind are read by the same columns: rename the columns of one, or run them one by one"
            )
        notes = other.notes + tuple(note for note in guess.notes if note not in other.notes)
        given = other.given.changed(files=other.given.files + guess.given.files)
        found[guess.kind] = replace(other, files=other.files + guess.files, given=given, notes=notes)
    return list(found.values())


def _columns(guess: Guess) -> dict[str, str]:
    return {role.role: role.column for role in guess.roles}


def _project_name(file: str) -> str:
    stem = re.sub(r"[\W_]+", " ", Path(file).name.split(".")[0]).strip()
    return stem or "project"


_SPEND = re.compile(r"^(mnt|spend|spent|amount|monetary|revenue|total_spend)", re.IGNORECASE)
_PURCHASES = re.compile(r"purchases?$|^(num|number_of)_?orders$|^frequency$|^orders$", re.IGNORECASE)
_NOT_PURCHASES = re.compile(r"deal|discount|visit", re.IGNORECASE)
_SILENCE = re.compile(r"^(recency|days_since_(last_)?(order|purchase))$", re.IGNORECASE)


def stand_ins(guess: Guess) -> tuple[dict[str, TraitDefinition], tuple[str, ...]]:
    """Make standard traits from attributes, where a file of customers tells of purchases in columns of its own.

    Columns that look like spend, numbers of purchases, days since the latest purchase and the date a customer began stand in
    for the facts there are not, so that the value map and the frameworks have something to stand on.

    Returns:
        The traits, and sentences that say what was taken for what.
    """
    columns = [one for one in guess.columns if one.name not in (guess.column("customer"), guess.given.at)]
    numbers = [column for column in columns if _is_number(column)]
    spend = [column.name for column in numbers if _SPEND.search(column.name)]
    bought = [one.name for one in numbers if _PURCHASES.search(one.name) and not _NOT_PURCHASES.search(one.name)]
    silence = next((column.name for column in numbers if _SILENCE.search(column.name)), None)
    began = next((column.name for column in columns if column.type is Type.INSTANT), None)
    if not (spend and bought and silence and began):
        return {}, ()
    names = [column.name for column in columns]
    ours = {name: write_name(own) for name, own in zip(names, own_names(names), strict=True)}
    total = " + ".join(f"coalesce({ours[name]}, 0)" for name in spend)
    count = " + ".join(f"coalesce({ours[name]}, 0)" for name in bought)
    texts = {
        "spend_total": f"money({total})",
        "orders_total": count,
        "purchase_days": "least(orders_total, floor(days_since_first_order))",
        "days_since_order": f"coalesce({ours[silence]}, 0) + 0.0",
        "days_since_first_order": f"greatest(days_since({ours[began]}), days_since_order, 30.0)",
        "spend_365d": "spend_total / greatest(days_since_first_order / 365, 1.0)",
        "orders_365d": "floor(orders_total / greatest(days_since_first_order / 365, 1.0))",
    }
    notes = (
        f"no file of orders, so attributes stand in: spend is the sum of {', '.join(spend)}",
        f"purchases are the sum of {', '.join(bought)}, each taken as a day of its own",
        f"silence is {silence} in days, and a customer begins at {began}, but no later than 30 days ago or her latest purchase",
        "spend and purchases of one year are the whole divided by the years since then, at least one",
        "the as-of instant is the latest date among the attributes; if the file was made later, say so with --as-of",
    )
    return {name: TraitDefinition(value=text) for name, text in texts.items()}, notes


def _is_number(column: SeenColumn) -> bool:
    return column.type in (Type.INTEGER, Type.NUMBER)


def write_project(begun: Begun, folder: Path) -> Path:
    """Write ``smalti.yml`` with comments into a folder.

    Raises:
        SmaltiError: There is one already, or it cannot be written.
    """
    file = folder / FILE_NAME
    if file.exists():
        raise SmaltiError(f"{file} is there already; move it away first, smalti does not write over definitions")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(project_text(begun), encoding="utf-8")
    except OSError as error:
        raise SmaltiError(f"{file} cannot be written: {error.strerror}") from None
    return file


_SETS = (
    "# Sets of segments, see docs/segmentations.md: crossed, split into niches, grouped by likeness.",
    "# segmentations:",
    "#   stage_by_value: {cross: [lifecycle, value_tiers], at_least: 0.01}",
    "#   champions_closely: {split: champions, by: [days_since_first_order], outcome: mean_order_value}",
    "",
    "# Ways to reach customers, by which attribute and by what right.",
    "# channels:",
    "#   email: {address: email, consent: email_consent}",
    "",
    "# What can be done for whom, what it says and what it must keep to, see docs/treatments.md. smalti plan shows who would",
    "# get what; a source named touches tells what customers were sent before.",
    "# treatments:",
    "#   come_back: {strategy: win_back, channels: email, message: come_back, cost: 0.05, again: 90 days}",
    "# messages:",
    "#   come_back: {subject: We would like to see you again, body: It is a while since your last order.}",
    "# limits: {period: 7 days, budget: 500, frequency: {most: 2, within: 14 days}}",
    "# hold_out: 5 %",
    "",
)
"""What a first file says of segmentations, channels and treatments."""


def project_text(begun: Begun) -> str:
    """Write a project as the text of its file, with comments that say what was seen and what may be changed."""
    project = begun.project
    lines = [
        "# What smalti does with these customers. After a change: smalti check, then smalti run.",
        f"name: {_scalar(project.name)}",
        f"currency: {project.currency}"
        + ("    # XXX: none stated; say which, such as EUR" if project.currency == "XXX" else ""),
        f"time_zone: {project.time_zone}    # zone of dates that carry none",
        "",
        "sources:",
    ]
    reasons: dict[str, dict[str, str]] = {
        guess.kind: {role.column: role.reason for role in guess.roles} for guess in begun.guesses
    }
    for name, source in project.sources:
        lines += _source_lines(name, source, reasons.get(name, {}))
    lines += [
        "",
        "# Standard frameworks, see docs/frameworks.md. Left out, these are used as far as the data carries them.",
        "# use: [rfm, lifecycle, value_tiers]",
        "",
        "# Your own traits, in the language of docs/language.md.",
    ]
    lines += ["# " + " ".join(note.split()) for note in begun.notes]
    if project.traits:
        lines += ["traits:"] + [f"  {name}: {_scalar(one.value)}" for name, one in project.traits]
    else:
        lines += ["# traits:", "#   orders_30d: count(orders, last 30 days)"]
    lines += [
        "",
        "# Your own segments: members are the customers for whom the rule is true.",
        "# segments:",
        "#   slipping_away:",
        "#     who: spend_365d >= 500 and days_since_order > 60",
        "#     why: good customers gone quiet",
        "#     strategy: win_back",
        "",
        *_SETS,
        "# What is assumed until it is measured; every report lists these and who said so.",
        "# assumptions:",
    ]
    assumed = project.assumptions
    for name, about in assumed.fields().items():
        value = getattr(assumed, name)
        shown = "{}" if value == () else value
        lines.append(f"#   {name}: {shown}    # {about}")
    lines += [
        "",
        "# Changes to the playbook: how often a strategy works, what a try costs, or off: true.",
        "# playbook:",
        "#   retain: {success: 0.12, cost: 1.50}",
        "",
    ]
    return "\n".join(lines)


def _source_lines(name: str, source: SourceDefinition, reasons: Mapping[str, str]) -> list[str]:
    def said(column: str) -> str:
        return f"    # {reasons[column]}" if column in reasons else ""

    lines = [f"  {name}:", f"    from: {_scalar(list(source.files))}"]
    for field in ("customer", "at"):
        column = getattr(source, field)
        if column is not None:
            lines.append(f"    {field}: {_scalar(column)}{said(column)}")
    if source.columns:
        lines.append("    columns:")
        lines += [f"      {ours}: {_scalar(theirs)}{said(theirs)}" for ours, theirs in source.columns]
    plain = source.model_dump(exclude={"files", "customer", "at", "columns"}, exclude_none=True, exclude_defaults=True)
    lines += [
        f"    {field}: {_scalar(list(value) if isinstance(value, tuple) else value)}" for field, value in plain.items()
    ]
    return lines


def _scalar(value: Any) -> str:
    """Write a value in YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6).strip()
    return text.removesuffix("\n...").strip()
