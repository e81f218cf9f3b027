"""From ``smalti.yml`` to a project, every error with its line."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from smalti.errors import DefinitionError, Problem, SmaltiError, nearest
from smalti.project.definition import Project, StrategyChange
from smalti.project.experiments import (
    ArmDefinition,
    ExperimentDefinition,
    HoldOutDefinition,
    LayerDefinition,
    OutlierDefinition,
)
from smalti.project.places import Origin, Path_, Place, oddities, read_places
from smalti.project.scores import ScoreDefinition
from smalti.segments import FRAMEWORKS, ChannelDefinition, SegmentationDefinition, SegmentDefinition
from smalti.sources import SourceDefinition
from smalti.strategy import Assumptions, Belief
from smalti.strategy.limits import (
    BudgetDefinition,
    CapacityDefinition,
    FairnessDefinition,
    FrequencyDefinition,
    LimitsDefinition,
    NumberDefinition,
    QuietDefinition,
)
from smalti.strategy.treatments import (
    MessageDefinition,
    RedemptionDefinition,
    StepDefinition,
    TreatmentDefinition,
    TriggerDefinition,
    VariantDefinition,
)
from smalti.traits import TraitDefinition

FILE_NAME = "smalti.yml"


@dataclass(frozen=True)
class Read:
    """What a file says, as far as it can be understood.

    Attributes:
        project: The project without what is wrong with its settings, or None where too little is left.
        origin: Where its definitions are written.
        problems: What is wrong with its settings.
        lost: The names of what was left out for it.
    """

    project: Project | None
    origin: Origin
    problems: tuple[Problem, ...]
    lost: frozenset[str] = frozenset()


def load_project(path: Path | str) -> tuple[Project, Origin]:
    """Read a project from its file, or from the folder the file is in.

    Raises:
        DefinitionError: The file is not a project; every problem has its line.
        SmaltiError: There is no such file.
    """
    return _sound(read_project(Path(path)))


def parse_project(text: str, file: str) -> tuple[Project, Origin]:
    """Read a project from the text of its file.

    Raises:
        DefinitionError: All that is wrong with it.

    >>> project, origin = parse_project("name: Shop", "smalti.yml")
    >>> project.name, origin.places[("name",)].column
    ('Shop', 7)
    """
    return _sound(_understood(text, file))


def _sound(read: Read) -> tuple[Project, Origin]:
    if read.project is None or read.problems:
        raise DefinitionError(read.problems)
    return read.project, read.origin


def read_project(path: Path) -> Read:
    """Read as much of a project as can be understood, so that the rest can be checked beside what is wrong.

    Raises:
        DefinitionError: The file is not YAML, or not settings by name.
        SmaltiError: There is no such file.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if path.name != FILE_NAME and not path.exists():
            raise SmaltiError(f"there is no folder '{path}', where a {FILE_NAME} was looked for") from None
        raise SmaltiError(f"no {FILE_NAME} in {file.parent}; make one with: smalti init FILE...") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SmaltiError(f"{file} cannot be read as UTF-8 text: {error}") from None
    return _understood(text, file.name)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Put problems in the order in which they stand in the file."""
    return tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))


def _understood(text: str, file: str) -> Read:
    data, origin, problems = read_settings(text, file, "project", "settings such as name: and sources:")
    try:
        return Read(Project.model_validate(data), origin, in_order(problems))
    except ValidationError as error:
        problems += problems_of(error, data, origin)
        wrong = [(details["type"], _written_path(details["loc"], data)) for details in error.errors()]
    lost = set()
    for kind, path in wrong:
        if (mended := _mended(data, path)) is not None:
            data = mended
            continue
        whole = path if kind == "extra_forbidden" else path[: 2 if path[:1] and path[0] in _MODELS else 1]
        data = _without(data, whole)
        lost.add(str(whole[-1]) if whole else "")
    try:
        return Read(Project.model_validate(data), origin, in_order(problems), frozenset(lost))
    except ValidationError:
        return Read(None, origin, in_order(problems), frozenset(lost))


def _mended(data: dict[str, Any], path: Path_) -> dict[str, Any] | None:
    """Give the settings with a stand-in for how far ahead a score looks, so that the rest of it can be checked."""
    if len(path) not in (2, 3) or path[0] != "scores" or path[2:] not in ((), ("within",), ("cut_offs",)):
        return None
    name = str(path[1])
    score = (data.get("scores") or {}).get(name)
    if not isinstance(score, dict):
        return None
    mended = {key: value for key, value in score.items() if key != "cut_offs"} | {"within": "1 day"}
    try:
        ScoreDefinition.model_validate(mended)
    except ValidationError:
        return None
    return data | {"scores": data["scores"] | {name: mended}}


def _without(data: dict[str, Any], path: Path_) -> dict[str, Any]:
    """Give the settings without the one at a path."""
    if not path or path[0] not in data:
        return data
    head, rest = str(path[0]), path[1:]
    if rest and isinstance(data[head], dict):
        return data | {head: _without(data[head], rest)}
    return {name: value for name, value in data.items() if name != head}


def problems_of(error: ValidationError, data: Mapping[str, Any], origin: Origin) -> list[Problem]:
    """Tell what is wrong with the settings of a project as problems with places.

    Args:
        error: What the check of the settings found.
        data: The settings as they were written.
        origin: Where they were written.
    """
    return [_problem(details, data, origin) for details in error.errors()]


class _Definitions(yaml.SafeLoader):
    """Reads YAML as people mean it: ``no``, ``off`` and ``2026-01-31`` are texts, and so is every name.

    What this leaves of the older rules of YAML is a part of them, so that what PyYAML writes is read as it was.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Read a mapping, its names as texts."""
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


_MEANT = {"bool": re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), "int": re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")}
_Definitions.yaml_implicit_resolvers = {
    first: [
        (tag, _MEANT.get(tag.rpartition(":")[2], pattern))
        for tag, pattern in resolvers
        if not tag.endswith(":timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_settings(text: str, file: str, what: str, wanted: str) -> tuple[dict[str, Any], Origin, list[Problem]]:
    """Read settings from YAML, where they are written, and what is written twice.

    Args:
        text: The text of the file.
        file: Its name, for messages.
        what: What it shall be, such as a project.
        wanted: Settings by which one knows that.

    Raises:
        DefinitionError: It is not YAML, or not settings by name.
    """
    try:
        data, places, twice = _parsed(text, what, wanted)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise DefinitionError([Problem(f"not YAML: {error.problem}", file=file, line=line, column=column)]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise DefinitionError([Problem(f"not YAML: {str(error).splitlines()[0]}", file=file)]) from None
    except RecursionError:
        raise DefinitionError([Problem(f"nested too deep to be a {what}", file=file)]) from None
    except DefinitionError as error:
        raise DefinitionError(problem.at(file=file) for problem in error.problems) from None
    return data, Origin(file, places), [problem.at(file=file) for problem in twice]


def _parsed(text: str, what: str, wanted: str) -> tuple[dict[str, Any], dict[Path_, Place], list[Problem]]:
    loader = _Definitions(text)
    root = loader.get_single_node()
    if not isinstance(root, yaml.MappingNode):
        found = "a list" if isinstance(root, yaml.SequenceNode) else "text" if root is not None else "nothing"
        raise DefinitionError([Problem(f"not a {what}", found, wanted, line=1)])
    twice, foreign = oddities(root)
    if foreign:
        raise DefinitionError(foreign)
    data = loader.construct_document(root)
    empty = [name for name in _SECTIONS if name in data and data[name] is None]
    return {name: value for name, value in data.items() if name not in empty}, read_places(root, text), twice


_MODELS: dict[str, type[BaseModel]] = {
    "sources": SourceDefinition,
    "traits": TraitDefinition,
    "scores": ScoreDefinition,
    "segments": SegmentDefinition,
    "segmentations": SegmentationDefinition,
    "channels": ChannelDefinition,
    "playbook": StrategyChange,
    "experiments": ExperimentDefinition,
    "treatments": TreatmentDefinition,
    "messages": MessageDefinition,
}
_SINGLE: dict[str, type[BaseModel]] = {
    "assumptions": Assumptions,
    "hold_out": HoldOutDefinition,
    "limits": LimitsDefinition,
}
_WITHIN: dict[tuple[str, str], type[BaseModel]] = {
    ("playbook", "success"): Belief,
    ("experiments", "layer"): LayerDefinition,
    ("experiments", "outliers"): OutlierDefinition,
    ("treatments", "effect"): Belief,
    ("treatments", "redemption"): RedemptionDefinition,
    ("treatments", "trigger"): TriggerDefinition,
}
"""Settings of a definition that are settings again."""
_LISTED: dict[tuple[str, str], type[BaseModel]] = {
    ("experiments", "arms"): ArmDefinition,
    ("treatments", "steps"): StepDefinition,
    ("messages", "variants"): VariantDefinition,
}
"""Settings of a definition that are several, by name or in a row."""
_LIMITS: dict[str, type[BaseModel]] = {
    "budget": BudgetDefinition,
    "channels": CapacityDefinition,
    "frequency": FrequencyDefinition,
    "quiet": QuietDefinition,
    "numbers": NumberDefinition,
    "fairness": FairnessDefinition,
}
"""Settings of the limits that are several; all but channels may stand alone."""
_SECTIONS = (*_MODELS, *_SINGLE)
"""What may stand there empty, its lines commented out."""
_WANTED = {
    "string_type": "text; put it in quotes if text is meant",
    "string_too_short": "at least one character",
    "too_short": "at least one",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
}


def _problem(details: ErrorDetails, data: Mapping[str, Any], origin: Origin) -> Problem:
    path = _written_path(details["loc"], data)
    kind, found = details["type"], details["input"]
    if kind == "extra_forbidden":
        names, name = _settings(path[:-1]), str(path[-1])
        problem = Problem("unknown setting", name, "one of " + ", ".join(names), nearest(name, names))
        if found is None and (" " in name or ")" in name):
            problem = Problem(
                "a text cut at its comma", name, "quotes around the whole of it, since it stands in braces"
            )
        return origin.locate(problem, (*path, "key"))
    where = ".".join(str(part) for part in path if part != "key") or None
    if kind == "value_error":
        spot = (*path, "key") if path[0] == "use" and len(path) == 2 and isinstance(path[1], str) else path
        return origin.locate(Problem(str(details["ctx"]["error"]), subject=where), spot)
    if kind == "missing":
        return origin.locate(Problem(f"'{path[-1]}' is missing", subject=".".join(map(str, path[:-1]))), path[:-1])
    told = "nothing" if found is None else None if isinstance(found, dict | list | tuple | BaseModel) else str(found)
    return origin.locate(Problem("wrong value", told, _wanted(details, path), subject=where), path)


def _wanted(details: ErrorDetails, path: Path_) -> str:
    kind = details["type"]
    if kind == "tuple_type":
        named = (path[0] in _MODELS and len(path) < 3) or path[-1] in ("columns", "channel_costs", "arms")
        named = named or path[:2] == ("limits", "channels")
        return "names, each with a colon and what it means" if named else "a list, such as [one, another]"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        alone = "text in the language, or " if path[0] in ("traits", "segments") else ""
        alone = "text, or " if path[0] == "messages" and len(path) == 2 else alone
        return f"{alone}settings such as {', '.join(_settings(path)[:6])}"
    message = details["msg"][0].lower() + details["msg"][1:]
    return _WANTED.get(kind, message.replace("input should be ", ""))


def _written_path(loc: tuple[int | str, ...], data: Mapping[str, Any]) -> Path_:
    """Turn positions in pairs back into the names that were written."""
    here: Any = data
    path: Path_ = ()
    parts = list(loc)
    while parts:
        part = parts.pop(0)
        if isinstance(part, int) and isinstance(here, Mapping) and _stands_alone(path):
            continue
        if isinstance(here, Mapping) and isinstance(part, int) and part < len(here):
            part = list(here)[part]
            side = parts.pop(0) if parts else 1
            parts = ["key", *parts] if side == 0 else parts
        path = (*path, part)
        here = here.get(part) if isinstance(here, Mapping) else None
    return path


def _stands_alone(path: Path_) -> bool:
    """Whether one may be written there where several may."""
    return len(path) == 2 and path[0] == "limits" and path[1] in _LIMITS and path[1] != "channels"


def _settings(path: Path_) -> list[str]:
    model: type[BaseModel] = Project
    if path:
        model = (_SINGLE | _MODELS).get(str(path[0]), Project)
    if len(path) == 3:
        model = _WITHIN.get((str(path[0]), str(path[2])), model)
    if len(path) == 4:
        model = _LISTED.get((str(path[0]), str(path[2])), model)
    if len(path) in (2, 3) and path[0] == "limits":
        model = _LIMITS.get(str(path[1]), model)
    if len(path) == 2 and path[0] == "use":
        model = FRAMEWORKS[str(path[1])].settings
    return [one.alias or name for name, one in model.model_fields.items()]
