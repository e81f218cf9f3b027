"""What the numbers rest on: assumptions, fitted models and cuts, what columns were taken for, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalti.report.matter import Matter
from smalti.report.writing import count, named, size, spoken, stop


@dataclass(frozen=True)
class Assumption:
    """One number somebody assumed.

    Attributes:
        title: What it is.
        value: The value in words.
        about: What it is about.
        by: On whose word.
        own: Whether the project said so itself.
    """

    title: str
    value: str
    about: str
    by: str
    own: bool


@dataclass(frozen=True)
class Model:
    """One fitted model.

    Attributes:
        title: Its name.
        purpose: What it foresees.
        fitted: Whether it could be fitted.
        sentence: What it says, or why not.
        parameters: Names and values.
    """

    title: str
    purpose: str
    fitted: bool
    sentence: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Source:
    """One input.

    Attributes:
        source: Which stream, or nothing.
        file: The file.
        size: Its size.
        fingerprint: Its SHA-256, shortened.
        sha256: The whole of it.
    """

    source: str
    file: str
    size: str
    fingerprint: str
    sha256: str


@dataclass(frozen=True)
class Step:
    """One step of the run.

    Attributes:
        title: What was done.
        seconds: How long, in words.
        bar: Share of the longest, 0 to 1.
    """

    title: str
    seconds: str
    bar: float


@dataclass(frozen=True)
class Grounds:
    """What the numbers rest on.

    Attributes:
        assumptions: What was assumed.
        models: What was fitted.
        cuts: Quantiles and their values.
        guesses: What columns were taken for.
        notes: What else a reader should know.
        inputs: What was read.
        steps: What was done.
        versions: Name and version or number, for the record.
    """

    assumptions: tuple[Assumption, ...]
    models: tuple[Model, ...]
    cuts: tuple[tuple[str, str], ...]
    guesses: tuple[str, ...]
    notes: tuple[str, ...]
    inputs: tuple[Source, ...]
    steps: tuple[Step, ...]
    versions: tuple[tuple[str, str], ...]


def grounds(matter: Matter) -> Grounds:
    """Tell what a run rests on."""
    info = matter.info
    longest = max((float(step.get("seconds") or 0) for step in info.get("timings") or ()), default=0.0) or 1.0
    return Grounds(
        tuple(map(_assumption, info.get("assumptions") or ())),
        tuple(_model(name, model) for name, model in (info.get("models") or {}).items()),
        tuple((str(cut["quantile"]), str(cut["value"])) for cut in info.get("fitted") or ()),
        tuple(map(str, info.get("guess") or ())),
        tuple(stop(str(note)) for note in info.get("notes") or ()),
        tuple(map(_source, info.get("inputs") or ())),
        tuple(_step(step, longest) for step in info.get("timings") or ()),
        _versions(matter),
    )


def _assumption(row: Mapping[str, Any]) -> Assumption:
    by = str(row.get("by") or "")
    return Assumption(
        named(spoken(str(row.get("name") or ""))),
        str(row.get("value", "")),
        stop(str(row.get("about") or "")),
        by,
        by.startswith("you"),
    )


def _model(name: str, model: Mapping[str, Any]) -> Model:
    parameters = [(key, _number(value)) for key, value in (model.get("parameters") or {}).items()]
    if model.get("log_likelihood") is not None:
        parameters.append(("log-likelihood", _number(model["log_likelihood"])))
    if model.get("customers"):
        parameters.append(("customers", count(model["customers"])))
    return Model(
        named(model.get("title"), spoken(name)),
        spoken(name),
        bool(model.get("fitted")),
        stop(str(model.get("sentence") or "")),
        tuple(parameters),
    )


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def _source(row: Mapping[str, Any]) -> Source:
    sha = str(row.get("sha256") or "")
    return Source(str(row.get("source") or ""), named(row.get("file")), size(row.get("bytes")), sha[:12], sha)


def _step(row: Mapping[str, Any], longest: float) -> Step:
    seconds = float(row.get("seconds") or 0)
    return Step(spoken(str(row.get("step") or "")), f"{seconds:,.2f} s", seconds / longest)


def _versions(matter: Matter) -> tuple[tuple[str, str], ...]:
    info = matter.info
    found = [("smalti", info.get("smalti")), ("seed", info.get("seed")), ("run before", info.get("previous") or "none")]
    return tuple((name, str(value)) for name, value in found if value is not None)
