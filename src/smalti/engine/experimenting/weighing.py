"""All experiments of a project weighed as of a run's instant: drawn, read out, proven, and what follows from them for the run.

Experiments are taken in the order in which they start, so that one whose participants are chosen by what an earlier one has
shown finds it shown. Everything about customers before an experiment is as of its start; what came of it is counted for those
whose window has passed by the run's instant; nothing later is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from smalti.engine.experimenting.believing import measured_beliefs
from smalti.engine.experimenting.drawing import Drawn, drawn
from smalti.engine.experimenting.exposing import Exposed, exposed
from smalti.engine.experimenting.judging import Judged, counted, judged
from smalti.engine.experimenting.outcomes import what_came
from smalti.engine.experimenting.showing import shown
from smalti.engine.experimenting.starting import Start, begins, started
from smalti.engine.given import Facts
from smalti.engine.reckoning import Reckoned, reckon_as_of
from smalti.engine.settling import settled
from smalti.engine.shown import Shown
from smalti.errors import RunError
from smalti.experiments.logged import Integers
from smalti.facts import Instant
from smalti.project import Trial, prepare
from smalti.store import Store

_STILL_RUNNING = (
    "the proof waits until the experiment is done: its intervals hold for one look, while those of the average effects "
    "hold at every look"
)
LEAST = 2
"""With fewer customers counted in an arm nothing is judged."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """What a run knows of one experiment.

    Attributes:
        trial: The experiment.
        at: When it starts; None where that is not known yet.
        drawn: The arms drawn; None where nobody can be drawn yet.
        exposed: Those whom it reached up to the run's instant; None where it has not started.
        counted: How many of them have a window that has passed.
        eligible: How many customers may take part.
        over: Whether everybody whom it reaches is counted, and it reaches nobody more.
        judged: What it comes to; None where there is nothing to judge yet.
        notes: What a reader should know, in sentences.
    """

    trial: Trial
    at: Instant | None
    drawn: Drawn | None = None
    exposed: Exposed | None = None
    counted: int = 0
    eligible: int = 0
    over: bool = False
    judged: Judged | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Weighing:
    """All experiments of a run, and the facts as they stand in their light.

    Attributes:
        facts: The facts: strategies go by measured success, and effects that were shown can be foretold.
        found: The experiments, in the order in which they were written.
        beliefs: What strategies go by now instead of what was assumed, in sentences.
    """

    facts: Facts
    found: tuple[Weighed, ...] = ()
    beliefs: tuple[str, ...] = ()


def weigh(store: Store, facts: Facts, *, proven: Collection[str] | None = None) -> Weighing:
    """Weigh all experiments of a project; a project without any is given back as it was.

    Args:
        store: Where the facts are; they stay there.
        facts: The facts and the project.
        proven: The experiments whose proofs are wanted; None wants all. Customers hang on none of them.

    Raises:
        SmaltiError: Something cannot be reckoned as of the start of an experiment.
    """
    trials = facts.prepared.experiments
    if not trials:
        return Weighing(facts)
    at = {trial.name: begins(store, facts, trial) for trial in trials}
    found: dict[str, Weighed] = {}
    for instant in sorted({one for one in at.values() if one is not None and one <= facts.at}):
        of_it = [trial for trial in trials if at[trial.name] == instant]
        more, facts = _begun(store, facts, of_it, instant, [one.name for one in trials] if proven is None else proven)
        found |= more
    waiting = {trial.name: Weighed(trial, at[trial.name]) for trial in trials if trial.name not in found}
    every = [(found | waiting)[trial.name] for trial in trials]
    facts, beliefs = measured_beliefs(facts, [(one.trial, one.judged) for one in every])
    return Weighing(facts, tuple(every), beliefs)


def _begun(
    store: Store, facts: Facts, trials: Sequence[Trial], at: Instant, proven: Collection[str]
) -> tuple[dict[str, Weighed], Facts]:
    """Weigh the experiments that start at one instant; give the facts with what they have shown."""
    then = _of_then(store, facts, at)
    try:
        reckoned = reckon_as_of(store, then, at, label="_start", keep_facts=True)
    except RunError as error:
        return {trial.name: Weighed(trial, at, notes=(f"at its start {error}",)) for trial in trials}, facts
    found, effects = {}, dict[str, Shown]()
    names = {trial.name for trial in trials}
    for trial in (one for one in then.prepared.experiments if one.name in names):
        start = started(store, trial, reckoned, begun=True)
        told = trial.proves and trial.name in proven
        found[trial.name], more = _weighed(store, then, trial, start, told=told)
        effects |= more
    store.drop(reckoned.computed.table)
    return found, replace(facts, shown={**facts.shown, **effects})


def _of_then(store: Store, facts: Facts, at: Instant) -> Facts:
    """Give the project as it would have been settled then: what its frameworks take from the facts, from those of then."""
    streams = facts.loaded.streams
    project = settled(store, facts.written, streams, at)
    return facts if project == facts.project else replace(facts, project=project, prepared=prepare(project, streams))


def _weighed(store: Store, facts: Facts, trial: Trial, start: Start, *, told: bool) -> tuple[Weighed, dict[str, Shown]]:
    draw = drawn(trial, start)
    one = Weighed(trial, start.at, draw, eligible=int(start.eligible.sum()))
    reached = exposed(store, facts, trial, start, draw)
    passed = reached.at + trial.definition.window <= facts.at
    ended = trial.end is None or trial.end <= facts.at
    over = bool(len(passed) and passed.all()) and (reached.how == "assignment" or ended)
    notes = (*draw.notes, *reached.notes, *_of_hindsight(trial))
    one = replace(one, exposed=reached, counted=int(passed.sum()), over=over, notes=notes)
    seen = reached.where(passed)
    sizes = np.bincount(seen.arm, minlength=len(trial.arms))
    if sizes.min() < LEAST:
        return replace(one, notes=(*notes, *_too_few(trial, sizes))), {}
    came = what_came(store, facts, trial, seen.customers, seen.at)
    counts = counted(facts, trial, start, seen, came)
    found = judged(facts, trial, start, draw, counts, told=told and over)
    if told and not over:
        found = replace(found, notes=(*found.notes, _STILL_RUNNING))
    one = replace(one, judged=found, notes=(*one.notes, *counts.notes, *found.notes))
    return one, shown(facts, trial, start, counts, found, _known_at(reached, trial, facts))


def _too_few(trial: Trial, sizes: Integers) -> Iterator[str]:
    """Say why nothing is judged, once there is somebody to count."""
    if sizes.any():
        least = int(sizes.argmin())
        told = f"{trial.arms[least]} has {sizes[least]:,} customers counted"
        yield f"nothing is judged yet: {told}, and it takes {LEAST} in each arm"


def _of_hindsight(trial: Trial) -> Iterator[str]:
    """Say what of the time before the start may have been written after it."""
    for what, attributes in trial.hindsight.items():
        yield (
            f"{what} rests on {', '.join(attributes)}: without a date they may know what came later; say since when with at:, "
            "or name under quality: {lasting: ...} what was so at earlier instants too"
        )


def _known_at(reached: Exposed, trial: Trial, facts: Facts) -> Instant:
    """Give the instant from which all that was counted is known."""
    every = int(reached.at.max()) + trial.definition.window
    return min(every, facts.at)


def with_coming(store: Store, weighing: Weighing, reckoned: Reckoned) -> Weighing:
    """Draw the arms of experiments that have not started, of the customers there are now, so that they can be looked at.

    Args:
        store: Where the table of customers is.
        weighing: The experiments.
        reckoned: Everything as of the run's instant.
    """
    found = []
    for one in weighing.found:
        if one.drawn is None and (one.at is None or one.at > reckoned.at):
            start = started(store, one.trial, reckoned, begun=False)
            draw = drawn(one.trial, start)
            one = replace(one, drawn=draw, eligible=int(start.eligible.sum()))  # noqa: PLW2901 - the same, further on
        found.append(one)
    return replace(weighing, found=tuple(found))
