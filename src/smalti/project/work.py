"""The work list of a run, as a value: what will be done, in order, before anything is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smalti.facts import Stream
from smalti.project.check import Prepared
from smalti.project.definition import Project
from smalti.rules import Aggregate, Quantile, walk


@dataclass(frozen=True)
class Work:
    """One step of a run.

    Attributes:
        step: The step's name, a key by which the engine knows what to do.
        about: What it does, for a reader.
    """

    step: str
    about: str


READ = "read"
CHECK = "check"
EXPERIMENTS = "experiments"
PLAN = "plan"


def before_facts(project: Project) -> tuple[Work, ...]:
    """Give the work that can be known before the facts are."""
    names = ", ".join(name for name, _ in project.sources)
    return Work(READ, f"read {names}"), Work(CHECK, "check all definitions against what was read")


def _fitted(prepared: Prepared) -> str:
    fitted = [name for name, one in prepared.segmentations.items() if one.way is not None]
    return f", and those of {', '.join(fitted)}" if fitted else ""


def _foretold(prepared: Prepared) -> str:
    shown = [one.name for one in prepared.scores if one.definition.effect is not None]
    learnt = [one.name for one in prepared.scores if one.name not in shown]
    told = [f"learn {', '.join(learnt)} from earlier instants, and foretell it of every customer"] if learnt else []
    told += [f"tell {', '.join(shown)} of every customer, as experiments have shown it"] if shown else []
    return "; ".join(told)


def _tried(prepared: Prepared) -> str:
    named = ", ".join(one.name for one in prepared.experiments)
    return f"draw the arms of {named}, and measure what came of them"


def _planned(prepared: Prepared) -> str:
    treatments, steps = prepared.treatments, sum(len(one.steps) for one in prepared.treatments)
    told = (
        f"choose one of {len(treatments)} treatments"
        if len(treatments) > 1
        else f"choose {treatments[0].name} or nothing"
    )
    follow = f", and when its {steps} further {'step is' if steps == 1 else 'steps are'} due" if steps else ""
    return f"{told} for every customer, within limits{follow}"


def after_facts(prepared: Prepared, streams: Mapping[str, Stream]) -> tuple[Work, ...]:
    """Give the rest of the work, once it is known which facts there are."""
    nodes = [trait.node for trait in prepared.traits]
    nodes += [segment.node for segment in prepared.segments]
    nodes += [tree for strategy in prepared.strategies for tree in (strategy.eligible, strategy.headroom)]
    nodes += [one.who for one in prepared.experiments if one.who is not None]
    nodes += [channel.consent for channel in prepared.channels if channel.consent is not None]
    nodes += prepared.plan_trees
    parts = [part for node in nodes for part in walk(node)]
    aggregates = {part for part in parts if isinstance(part, Aggregate)}
    quantiles = {part for part in parts if isinstance(part, Quantile)}
    told = ", ".join(sorted(streams))
    return (
        *([Work(EXPERIMENTS, _tried(prepared))] if prepared.experiments else []),
        Work("traits", f"{len(prepared.traits)} traits from {len(aggregates)} aggregates over {told}"),
        Work("models", "fit who is still a customer, how often and for how much she buys"),
        Work("value map", "value now, to come, at risk and untapped"),
        *([Work("scores", _foretold(prepared))] if prepared.scores else []),
        Work("strategies", f"{len(prepared.strategies)} strategies matched to every customer"),
        Work("segments", f"{len(prepared.segments)} segments, {len(quantiles)} fitted cuts{_fitted(prepared)}"),
        *([Work(PLAN, _planned(prepared))] if prepared.treatments else []),
        Work("publish", "write the run and its report"),
    )
