"""From assumed success to measured: what a strategy's experiment says of how often it works.

Before the experiment a success rate is a belief: a Beta distribution. The experiment measures the same rate with an error: it
is the difference between the arm that tries the strategy and the control. `experiments/learning` brings the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from smalti.engine.experimenting.judging import Judged
from smalti.engine.given import Facts
from smalti.experiments import RateBelief
from smalti.project import Trial
from smalti.strategy import Belief

_SUREST = 1e9
"""No belief is worth more customers than this."""


def updated(belief: Belief, effect: float, error: float, by: str) -> Belief:
    """Give a belief after an experiment; one that leaves no doubt, a rate of 0 or 1, stays.

    Args:
        belief: What was believed before.
        effect: The difference in rates that was measured.
        error: Its standard error; above 0.
        by: Which experiment measured it.

    >>> after = updated(Belief(rate=0.03, strength=20), effect=0.1, error=0.01, by="experiment spring")
    >>> round(after.rate, 2), after.strength > 500, after.basis, after.by
    (0.1, True, 'measured', 'experiment spring')
    >>> round(updated(Belief(rate=0.03, strength=20), effect=0.1, error=100.0, by="nothing much").rate, 3)
    0.03
    """
    if belief.rate in (0.0, 1.0):
        return belief
    after = RateBelief(belief.rate, belief.strength).updated_by_estimate(effect, error)
    return Belief(rate=after.rate, strength=min(after.strength, _SUREST), basis="measured", by=by)


def measured_beliefs(facts: Facts, experiments: Sequence[tuple[Trial, Judged | None]]) -> tuple[Facts, tuple[str, ...]]:
    """Let strategies go by what experiments have measured.

    Args:
        facts: The facts and the project.
        experiments: The experiments, with what each comes to.

    Returns:
        The facts with the new beliefs, and what changed, in sentences.
    """
    beliefs: dict[str, Belief] = {}
    notes = []
    strategies = {one.name: one.definition for one in facts.prepared.strategies}
    for trial, found in experiments:
        if found is None or found.sizes.alarm:
            continue
        for strategy, arm in trial.strategies.items():
            effect = next(one for one in found.effects if (one.metric, one.arm) == (trial.decides.name, arm))
            if not effect.error > 0:
                continue
            before, title = strategies[strategy].success, strategies[strategy].title
            after = updated(before, effect.effect, effect.error, f"experiment {trial.name}")
            beliefs[strategy] = after
            notes.append(
                f"{title} works on {_percent(after.rate)} of those it is tried on, as experiment {trial.name} has measured; "
                f"{before.by} had assumed {_percent(before.rate)}"
            )
    if not beliefs:
        return facts, ()
    changed = tuple(
        replace(one, definition=one.definition.model_copy(update={"success": beliefs[one.name]}))
        if one.name in beliefs
        else one
        for one in facts.prepared.strategies
    )
    return replace(facts, prepared=replace(facts.prepared, strategies=changed)), tuple(notes)


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"
