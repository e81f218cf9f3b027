"""From ``smalti.yml`` to a project, every error with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from smalti.errors import DefinitionError, Problem, SmaltiError, nearest
from smalti.project.definition import Project, StrategyChange
from smalti.segments import SegmentDefinition
from smalti.sources import SourceDefinition
from smalti.strategy import Assumptions, Belief
from smalti.traits import TraitDefinition

FILE_NAME = "smalti.yml"

Path_: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where a value stands in a file, and how its text begins there."""

    line: int
    column: int
    block: bool = False


@dataclass(frozen=True)
class Origin:
    """Where each definition of a project was written.

    Attributes:
        file: The file's name for messages; None for a project built in code.
        places: Places by path, such as ``("traits", "spend_365d")``.
    """

    file: str | None = None
    places: Mapping[Path_, Place] = field(default_factory=dict)

    def locate(self, problem: Problem, path: Path_) -> Problem:
        """Give the problem its file, line and column, from its place within the text at `path`."""
        spot = path
        while spot and spot not in self.places:
            spot = spot[:-1]
        place = self.places.get(spot)
        if place is None:
            return replace(problem, file=self.file)
        inside = spot == path and problem.line is not None
        line, column = (problem.line or 1, problem.column or 1) if inside else (1, 1)
        shift = place.column - 1 if line == 1 and not place.block else 0
        return replace(problem, file=self.file, line=place.line + line - 1 + place.block, column=column + shift)


def load_project(path: Path) -> tuple[Project, Origin]:
    """Read a project from its file, or from the folder the file is in.

    Raises:
        DefinitionError: The file is not a project; every problem has its line.
        SmaltiError: There is no such file.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SmaltiError(f"no {FILE_NAME} in {file.parent}; make one with: smalti init FILE...") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SmaltiError(f"{file} cannot be read as UTF-8 text: {error}") from None
    return parse_project(text, file.name)


def parse_project(text: str, file: str) -> tuple[Project, Origin]:
    """Read a project from the text of its file.

    Raises:
        DefinitionError: All that is wrong with it.

    >>> project, origin = parse_project("name: Shop", "smalti.yml")
    >>> project.name, origin.places[("name",)].column
    ('Shop', 7)
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise DefinitionError([Problem(f"not YAML: {error.problem}", file=file, line=line, column=column)]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([Problem(f"not YAML: {error}", file=file)]) from None
    if not isinstance(data, dict):
        found = "nothing" if data is None else type(data).__name__
        raise DefinitionError(
            [Problem("not a project", found, "settings such as name: and sources:", file=file, line=1)]
        )
    places: dict[Path_, Place] = {}
    problems = [problem.at(file=file) for problem in _collect(root, (), places)] if root is not None else []
    origin = Origin(file, places)
    try:
        project = Project.model_validate(data)
    except ValidationError as error:
        problems += [_problem(details, data, origin) for details in error.errors()]
    if problems:
        raise DefinitionError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return project, origin


def _collect(node: yaml.Node, path: Path_, places: dict[Path_, Place]) -> list[Problem]:
    """Note the place of every value; of a key that stands alone its value's, so that messages point at the text."""
    if isinstance(node, yaml.ScalarNode):
        block = node.style in ("|", ">")
        quoted = 1 if node.style in ("'", '"') else 0
        places[path] = Place(node.start_mark.line + 1, 1 if block else node.start_mark.column + 1 + quoted, block)
        return []
    places.setdefault(path, Place(node.start_mark.line + 1, node.start_mark.column + 1))
    problems = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(getattr(key, "value", ""))
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if name in seen:
                problems.append(Problem("written twice", name, "each name once", line=line, column=column))
            seen.add(name)
            places[(*path, name, "key")] = Place(line, column)
            problems += _collect(value, (*path, name), places)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            problems += _collect(value, (*path, position), places)
    return problems


_MODELS: dict[str, type[BaseModel]] = {
    "sources": SourceDefinition,
    "traits": TraitDefinition,
    "segments": SegmentDefinition,
    "playbook": StrategyChange,
}
_NAMED = frozenset(_MODELS)


def _problem(details: ErrorDetails, data: dict[str, Any], origin: Origin) -> Problem:
    path = _written_path(details["loc"], data)
    found = details["input"]
    told = None if isinstance(found, dict | list | BaseModel) else str(found)
    if details["type"] == "extra_forbidden":
        names = _settings(path[:-1])
        name = str(path[-1])
        place = origin.places.get((*path, "key"))
        problem = Problem("unknown setting", name, "one of " + ", ".join(names), nearest(name, names), file=origin.file)
        return problem.at(line=place.line, column=place.column) if place else problem
    where = ".".join(str(part) for part in path)
    if details["type"] == "value_error":
        text = str(details["ctx"]["error"])
        return origin.locate(Problem(text, subject=where or None), path)
    if details["type"] == "missing":
        return origin.locate(Problem(f"'{path[-1]}' is missing", subject=".".join(map(str, path[:-1]))), path[:-1])
    message = details["msg"][0].lower() + details["msg"][1:]
    return origin.locate(
        Problem("wrong value", told, message.replace("input should be ", ""), subject=where or None), path
    )


def _written_path(loc: tuple[int | str, ...], data: dict[str, Any]) -> Path_:
    """Turn positions in pairs back into the names that were written."""
    if len(loc) >= 2 and loc[0] in _NAMED and isinstance(loc[1], int) and isinstance(data.get(str(loc[0])), dict):
        name = list(data[str(loc[0])])[loc[1]]
        return (loc[0], str(name), *loc[3:])
    return loc


def _settings(path: Path_) -> list[str]:
    model: type[BaseModel] = Project
    if path:
        model = Assumptions if path[0] == "assumptions" else _MODELS.get(str(path[0]), Project)
    if len(path) == 3 and path[0] == "playbook" and path[2] == "success":
        model = Belief
    return [one.alias or name for name, one in model.model_fields.items()]
