"""One run: all customers, one instant, published as a folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from smalti.engine.clock import Clock
from smalti.engine.experimenting import Weighing, weigh, with_coming
from smalti.engine.foresight.since import earlier_runs
from smalti.engine.options import Options
from smalti.engine.planning import Matter, plan_as_of
from smalti.engine.publish import Findings, check_home, publish
from smalti.engine.quality import GATE, assess
from smalti.engine.reckoning import let_go, read_facts, reckon_as_of
from smalti.engine.run import Run
from smalti.engine.version import versions
from smalti.project import EXPERIMENTS, PLAN, Origin, Project, Work, after_facts
from smalti.store import Store


def run_project(
    project: Project,
    options: Options | None = None,
    *,
    origin: Origin | None = None,
    progress: Callable[[Work], None] = lambda _: None,
) -> Run:
    """Run a project as of one instant and publish what it found.

    Args:
        project: What to run.
        options: How.
        origin: Where the definitions were written, for messages.
        progress: Told each step as it begins.

    Returns:
        The published run.

    Raises:
        SmaltiError: Sources cannot be read, definitions are wrong, or the run cannot be written; nothing is published then.
    """
    options = options or Options()
    check_home(options.runs)
    made_at = datetime.now(UTC)
    clock = Clock(progress)
    with Store(memory=options.memory, threads=options.threads) as store:
        facts = read_facts(store, project, options, origin, clock)
        work = {one.step: one for one in after_facts(facts.prepared, facts.loaded.streams)}
        weighing = Weighing(facts)
        if EXPERIMENTS in work:
            with clock.step(work[EXPERIMENTS]):
                weighing = weigh(store, facts)
            facts = weighing.facts
        quality = None
        if project.quality.in_runs:
            with clock.step(GATE):
                quality = assess(store, facts)
        earlier = earlier_runs(store, facts, options.runs)
        reckoned = reckon_as_of(store, facts, facts.at, clock, told=True, keep_facts=bool(facts.prepared.treatments))
        weighing = with_coming(store, weighing, reckoned)
        planned = None
        if PLAN in work:
            with clock.step(work[PLAN]):
                planned = plan_as_of(Matter(store, facts, weighing, reckoned, options.runs), threads=options.threads)
            let_go(store, facts)
        findings = Findings(
            facts, reckoned, versions(store.engine), made_at, options.guess, quality, earlier, weighing, planned
        )
        return Run(publish(findings, options.runs, clock, work["publish"]))
