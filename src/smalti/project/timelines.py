"""Timelines: what happens to a few customers, what time does, and what shall be so then; as data in a file.

`load_timeline` reads a file and finds all that is wrong with it at once; `docs/timelines.md` says how one is written. What
is read is a value: steps at instants, definitions made ready. The engine's `parity` runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from smalti.errors import DefinitionError, Problem, SmaltiError
from smalti.facts import CUSTOMERS, STANDARD_STREAMS, Column, Currency, Instant, Stream, Type
from smalti.project.check import Prepared, prepare
from smalti.project.definition import Project
from smalti.project.handwriting import Amounts, Reader
from smalti.project.load import FILE_NAME, in_order, load_project, problems_of, read_settings
from smalti.project.places import Origin, Path_
from smalti.project.steps import Changes, Delivery, Expectation, Scoring, Step, Steps
from smalti.rules import Member, Node, Quantile, Vocabulary, check, names_in, parse, walk, write
from smalti.segments import Segment
from smalti.traits import Trait


@dataclass(frozen=True)
class Timeline:
    """A timeline made ready to be run.

    Attributes:
        file: Its file, for messages.
        name: What it shows.
        about: Why, in a few sentences.
        time_zone: The zone of all calendar units, and of instants that name none.
        currency: The currency of all money.
        streams: All streams that facts may come in.
        traits: The traits it is about, each after those it names.
        segments: The segments it is about.
        watched: The names among both that readings are compared by: all that are written in it or expected.
        types: The types of all names.
        fitted: The constants of quantiles.
        start: When it begins.
        steps: What happens and what shall be, in order.
        scores: The scores that customers may be given, each missing until one is.
        customers: Everybody it speaks of, known from the start.
    """

    file: str
    name: str
    about: str
    time_zone: str
    currency: Currency
    streams: Mapping[str, Stream]
    traits: tuple[Trait, ...]
    segments: tuple[Segment, ...]
    watched: frozenset[str]
    types: Mapping[str, Type]
    fitted: Mapping[Quantile, Any]
    start: Instant
    steps: tuple[Step, ...]
    scores: tuple[str, ...]

    @property
    def customers(self) -> tuple[str, ...]:
        """Everybody it speaks of, in the order of their names."""
        named = {step.customer for step in self.steps if isinstance(step, Delivery | Scoring | Expectation)}
        named |= {one.customer for step in self.steps if isinstance(step, Changes) for one in step.wanted}
        return tuple(sorted(named))


_DEFINITIONS = ("traits", "segments")
_OF_A_PROJECT = ("name", "time_zone", "currency", "account", "scores", *_DEFINITIONS)
SETTINGS = ("name", "about", "project", *_OF_A_PROJECT[1:5], "streams", *_DEFINITIONS, "fitted", "start", "steps")
"""What may stand at the head of a timeline."""


def timeline_files(paths: Iterable[Path]) -> list[Path]:
    """Give the files of timelines in files and folders, those of a folder by name, however deep; projects aren't any.

    Raises:
        SmaltiError: There is no such file, or no timeline in a folder.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SmaltiError(f"there is no file or folder '{path}'")
        inside = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
        inside = [one for one in inside if one.name != FILE_NAME]
        if not inside:
            raise SmaltiError(f"there is no timeline in '{path}'; a timeline is a file that ends in .yml")
        found += [one for one in inside if one not in found]
    return found


def load_timeline(path: Path) -> Timeline:
    """Read a timeline from its file.

    Raises:
        DefinitionError: The file is not a timeline; every problem has its line.
        SmaltiError: There is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SmaltiError(f"there is no file '{path}'") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SmaltiError(f"{path} cannot be read as UTF-8 text: {error}") from None
    return parse_timeline(text, str(path), home=path.parent)


def parse_timeline(text: str, file: str, *, home: Path = Path()) -> Timeline:
    """Read a timeline from the text of its file; a project it names is looked for in `home`.

    Raises:
        DefinitionError: All that is wrong with it.

    >>> shown = parse_timeline("{start: 2026-06-01, steps: [{fact: orders, customer: ada}, {wait: 1 day}]}", "a.yml")
    >>> [type(step).__name__ for step in shown.steps], shown.customers
    (['Delivery', 'Waiting'], ('ada',))
    """
    data, origin, twice = read_settings(text, file, "timeline", "settings such as start: and steps:")
    reading = _Reading(data, origin, home)
    reading.problems += twice
    timeline = reading.timeline()
    if timeline is None or reading.problems:
        raise DefinitionError(in_order(dict.fromkeys(reading.problems)))
    return timeline


class _Reading(Reader):
    """Reads one file, noting every problem on its way."""

    def __init__(self, data: dict[str, Any], origin: Origin, home: Path) -> None:
        super().__init__(origin)
        self.data = data
        self.home = home
        self.lost: set[str] = set()

    def timeline(self) -> Timeline | None:
        """Give what the file says, as far as it can be understood."""
        for name in self.data:
            self.known((name, "key"), name, SETTINGS, "setting")
        project, origin = self._project()
        streams = self._streams()
        prepared = self._prepared(project, streams, origin)
        self.amounts = Amounts(Currency(project.currency), project.time_zone)
        start = self._start()
        steps = Steps(self, prepared, streams, self.lost).read(self.data.get("steps"), start)
        if prepared is None or self.problems:
            return None
        asked = {step.name for step in steps if isinstance(step, Expectation)}
        asked |= {one.segment for step in steps if isinstance(step, Changes) for one in step.wanted}
        if "project" not in self.data:
            asked |= {name for section in _DEFINITIONS for name in self.data.get(section) or ()}
        traits, segments = _needed(asked, prepared)
        fitted = self._fitted(project, prepared, streams)
        self._all_fitted([*(one.node for one in traits), *(one.node for one in segments)], fitted)
        return Timeline(
            self.origin.file or "",
            project.name if "project" not in self.data else str(self.data.get("name", project.name)),
            str(self.data.get("about") or "").strip(),
            self.amounts.time_zone,
            self.amounts.currency,
            streams,
            traits,
            segments,
            frozenset(asked),
            prepared.types,
            fitted,
            start,
            tuple(steps),
            tuple(prepared.score_types),
        )

    def _project(self) -> tuple[Project, Origin]:
        """Give the project whose definitions are tested: one of its own, or the one in these lines."""
        if "project" in self.data:
            return self._named_project(), Origin()
        settings = {name: value for name, value in self.data.items() if name in _OF_A_PROJECT}
        try:
            return _with_sources(settings), self.origin
        except ValidationError as error:
            self.problems += problems_of(error, settings, self.origin)
            wrong = [details["loc"] for details in error.errors()]
        for loc in wrong:
            section = str(loc[0])
            names = list(settings.get(section) or ()) if section in _DEFINITIONS else []
            if isinstance(settings.get(section), dict) and len(loc) > 1 and isinstance(loc[1], int):
                self.lost.add(str(names[loc[1]]))
            else:
                self.lost |= {str(name) for name in names}
                settings.pop(section, None)
        for section in _DEFINITIONS:
            if section in settings:
                settings[section] = {name: one for name, one in settings[section].items() if name not in self.lost}
        try:
            return _with_sources(settings), self.origin
        except ValidationError:
            return _with_sources({}), self.origin

    def _named_project(self) -> Project:
        for name in (*_OF_A_PROJECT[1:], "name"):
            if name in self.data and name != "name":
                wanted = "the project's own, or a timeline without project:"
                self.problem((name, "key"), Problem("the project says that already", name, wanted))
        path = str(self.data["project"])
        try:
            return load_project(self.home / path)[0]
        except DefinitionError as error:
            self.problems += error.problems
        except SmaltiError as error:
            self.problem(("project",), Problem(str(error)))
        return _with_sources({})

    def _streams(self) -> dict[str, Stream]:
        streams = dict(STANDARD_STREAMS)
        written = self.data.get("streams")
        if written is None:
            return streams
        for name, columns in self.settings(("streams",), written, "streams by name, each with its columns").items():
            found = []
            path: Path_ = ("streams", name)
            if name.startswith("_"):
                self.problem((*path, "key"), Problem("names with _ in front are the engine's own", name, "another"))
            folded = {"customer_id", "at"}
            for column, kind in self.settings(path, columns or {}, "columns, each with its type").items():
                if column.casefold() in folded and column not in ("customer_id", "at"):
                    problem = Problem("another column has this name but for its case", column, "another")
                    self.problem((*path, column, "key"), problem)
                folded.add(column.casefold())
                if column.startswith("_"):
                    problem = Problem("names with _ in front are the engine's own", column, "another")
                    self.problem((*path, column, "key"), problem)
                if column in ("customer_id", "at"):
                    self.problem((*path, column, "key"), Problem("every stream has this column", column, "others"))
                elif self.known((*path, column), str(kind), list(Type), "type"):
                    found.append(Column(column, Type(kind)))
            streams[name] = Stream(name, tuple(found))
        return streams

    def _prepared(self, project: Project, streams: Mapping[str, Stream], origin: Origin) -> Prepared | None:
        try:
            return prepare(project, streams, origin)
        except DefinitionError as error:
            self.problems += [one for one in error.problems if one.found not in self.lost]
            return None

    def _start(self) -> Instant:
        if "start" not in self.data:
            self.problem((), Problem("'start' is missing", wanted="the instant at which it begins, such as 2026-06-01"))
            return 0
        return self.instant(("start",), self.data["start"]) or 0

    def _fitted(self, project: Project, prepared: Prepared, streams: Mapping[str, Stream]) -> dict[Quantile, Any]:
        """Read the constants of quantiles, each by its text in the language."""
        fitted: dict[Quantile, Any] = {}
        attributes = streams.get(CUSTOMERS.name, CUSTOMERS).names
        # A rule may name an attribute as a trait of its name; a trait says the aggregate that it stands for.
        named = [prepared.types, {name: kind for name, kind in prepared.types.items() if name not in attributes}]
        words = Vocabulary(
            streams, {}, Currency(project.currency), time_zone=project.time_zone, account=project.account
        )
        for text, value in self.settings(("fitted",), self.data.get("fitted") or {}, "quantiles, each a value").items():
            for names in named:
                quantile = self._quantile(text, replace(words, names=names))
                if quantile is not None:
                    fitted[quantile[0]] = self.value(("fitted", text), value, quantile[1])
        return fitted

    def _quantile(self, text: str, words: Vocabulary) -> tuple[Quantile, Type] | None:
        try:
            checked = check(parse(text), words)
        except DefinitionError as error:
            problems = error.problems
        else:
            if isinstance(checked.node, Quantile) and checked.type is not None and not checked.problems:
                return checked.node, checked.type
            problems = checked.problems or (Problem("not a quantile", text, "such as quantile(spend_365d, 0.8)"),)
        for one in problems:
            self.problem(("fitted", text, "key"), Problem(one.what, one.found, one.wanted, one.hint))
        return None

    def _all_fitted(self, nodes: Sequence[Node], fitted: Mapping[Quantile, Any]) -> None:
        lacking = {part: None for node in nodes for part in walk(node) if isinstance(part, Quantile)}
        for quantile in lacking:
            if quantile not in fitted:
                wanted = "its value under fitted:, since a timeline has too few customers to fit it"
                self.problem(("fitted",), Problem("a constant that is not fitted", write(quantile), wanted))


def _with_sources(settings: Mapping[str, Any]) -> Project:
    """Give a project whose facts come from a timeline instead of files."""
    return Project.model_validate({"use": (), "sources": {"orders": {"from": ["a timeline"]}}, **settings})


def _needed(asked: set[str], prepared: Prepared) -> tuple[tuple[Trait, ...], tuple[Segment, ...]]:
    """Give the traits and segments that are asked about, and all that these rest on."""
    trees = {one.name: one.node for one in prepared.traits} | {one.name: one.node for one in prepared.segments}
    wanted: set[str] = set()
    edge = asked & trees.keys()
    while edge:
        wanted |= edge
        rests = {name for one in edge for name in _rests_on(trees[one])}
        edge = (rests & trees.keys()) - wanted
    return (
        tuple(one for one in prepared.traits if one.name in wanted),
        tuple(one for one in prepared.segments if one.name in wanted),
    )


def _rests_on(node: Node) -> set[str]:
    return names_in(node) | {part.segment for part in walk(node) if isinstance(part, Member)}
