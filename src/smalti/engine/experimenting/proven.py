"""What the experiments of a project prove, without a run being published; and read back from one that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from smalti.engine.clock import Clock
from smalti.engine.experimenting.tables import status_of
from smalti.engine.experimenting.weighing import weigh
from smalti.engine.options import Options
from smalti.engine.proving.proved import Proved
from smalti.engine.reckoning import read_facts
from smalti.engine.run import Run
from smalti.errors import RunError, SmaltiError, nearest
from smalti.facts import format_instant
from smalti.project import EXPERIMENTS, HOLD_OUT, Origin, Project, Work, after_facts
from smalti.store import Store

_STATUS = {
    "planned": "it has not started yet",
    "running": "it is still running, and a proof waits until it is done",
    "done": "too few customers took part",
}


def prove_project(
    project: Project,
    options: Options | None = None,
    name: str | None = None,
    *,
    origin: Origin | None = None,
    progress: Callable[[Work], None] = lambda _: None,
) -> tuple[Proved, ...]:
    """Prove what the experiments of a project can by now; nothing is published.

    Args:
        project: The project.
        options: As of when, and where its files are.
        name: One experiment; None takes all that have something to prove.
        origin: Where the definitions were written, for messages.
        progress: Told each step as it begins.

    Returns:
        Of each experiment a value with `page()`, `to_dict()` and `sentences`.

    Raises:
        SmaltiError: Sources cannot be read, definitions are wrong, there is no such experiment, or nothing to prove yet.
    """
    _known(name, [one for one, _ in project.experiments], "the project")
    options = options or Options()
    clock = Clock(progress)
    with Store(memory=options.memory, threads=options.threads) as store:
        facts = read_facts(store, project, options, origin, clock)
        work = {one.step: one for one in after_facts(facts.prepared, facts.loaded.streams)}
        with clock.step(work[EXPERIMENTS]):
            found = weigh(store, facts, proven=None if name is None else (name,)).found
    asked = [one for one in found if one.trial.proves and name in (None, one.trial.name)]
    proven = [one.judged.proved for one in asked if one.judged is not None and one.judged.proved is not None]
    if not proven:
        raise RunError(_nothing({one.trial.name: status_of(one) for one in asked}, format_instant(facts.at)))
    return tuple(proven)


def proven_in(run: Run, name: str | None = None) -> tuple[Proved, ...]:
    """Give what the experiments of a published run have proven.

    Args:
        run: The run.
        name: One experiment; None takes all that have a proof.

    Raises:
        SmaltiError: The run has no such experiment, or there is nothing proven yet.
    """
    told = {one["name"]: one["status"] for one in run.info.get("experiments") or () if one["name"] != HOLD_OUT}
    _known(name, list(told), f"run {run.id}")
    found = [one for one in run.info["evidence"] if name in (None, one["experiment"])]
    if not found:
        raise RunError(_nothing(told if name is None else {name: told[name]}, run.info["as_of"]))
    about = [{key: one[key] for key in one if key not in ("form", "outcomes", "experiment")} for one in found]
    return tuple(Proved(each, tuple(one["outcomes"])) for each, one in zip(about, found, strict=True))


def _known(name: str | None, names: list[str], where: str) -> None:
    if not names:
        raise SmaltiError(f"{where} has no experiments; write them under experiments: in the project")
    if name is not None and name not in names:
        near = nearest(name, names)
        hint = f"; did you mean '{near}'?" if near else ""
        raise SmaltiError(f"{where} has no experiment '{name}', wanted one of {', '.join(names)}{hint}")


def _nothing(statuses: Mapping[str, str], as_of: str) -> str:
    told = "; ".join(f"{name}: {_STATUS[status]}" for name, status in statuses.items())
    return f"nothing can be proven as of {as_of}: {told}"
