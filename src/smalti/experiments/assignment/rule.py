"""An experiment as text in the language: so batch SQL and the live step assign as `assign` does, by construction."""

from __future__ import annotations

from smalti.errors import ModelError
from smalti.experiments.assignment.experiment import Experiment
from smalti.facts import Type
from smalti.rules import Call, Case, Compare, Literal, Logic, Node, parse, write

_EVERYBODY = Literal(True, Type.BOOLEAN)


def rule_of(experiment: Experiment, arm: str, strata: str | None = None) -> str:
    """Give the rule that is true for the customers of an arm, and false for all others.

    Who is eligible at all is not part of it: join it to the rule that says so by ``and``.

    Args:
        experiment: The experiment.
        arm: One of its arms.
        strata: What customers are stratified by, in the language and of type text, such as the name of a trait; needed
            where cuts were fitted.

    Raises:
        ModelError: There is no such arm, or it isn't said what fitted strata are strata of.
        DefinitionError: `strata` is not of the language.

    Examples:
        >>> from smalti.experiments.assignment.experiment import Arm, HoldOut, Layer
        >>> arms, away = (Arm("none"), Arm("mail")), (HoldOut(0.05),)
        >>> rule_of(Experiment("spring", arms, ramp=0.2, layer=Layer("outbound", 0, 0.5), hold_outs=away), "mail")
        "bucket('hold_out') >= 0.05 and bucket('outbound') < 0.5 and bucket('spring') >= 0.5 and bucket('spring') < 0.6"
    """
    place = experiment.place_of(arm)
    within = _by_stratum(experiment, strata, [_range(experiment, place, one) for one in _strata(experiment)])
    return write(_joined([*_eligible(experiment), within]))


def trait_of(experiment: Experiment, strata: str | None = None) -> str:
    """Give the trait that is the name of a customer's arm, missing for who isn't in the experiment.

    The arguments and errors are those of `rule_of`.

    Examples:
        >>> from smalti.experiments.assignment.experiment import Arm
        >>> trait_of(Experiment("spring", (Arm("none"), Arm("mail"))))
        "case when bucket('spring') < 0.5 then 'none' when bucket('spring') >= 0.5 then 'mail' end"
    """
    arms = [(parse(rule_of(experiment, name, strata)), Literal(name, Type.TEXT)) for name in experiment.arm_names]
    return write(Case(tuple(arms)))


def _strata(experiment: Experiment) -> list[str | None]:
    return [*(stratum.name for stratum in experiment.strata), None]


def _eligible(experiment: Experiment) -> list[Node]:
    """Say who is neither held out nor outside the layer."""
    found: list[Node] = [_at_least(one.salt, one.share) for one in experiment.held_out if one.share > 0]
    return found if experiment.layer is None else [*found, *_within(*_layer(experiment))]


def _layer(experiment: Experiment) -> tuple[str, float, float]:
    layer = experiment.layer
    return ("", 0.0, 1.0) if layer is None else (layer.name, layer.start, layer.end)


def _range(experiment: Experiment, place: int, stratum: str | None) -> Node:
    cuts = experiment.cuts(stratum)
    return _joined(_within(experiment.salt, cuts[place], experiment.ends(cuts)[place]))


def _within(salt: str, start: float, end: float) -> list[Node]:
    """Say that a draw lies in a range; nothing where every draw does."""
    if start == end:
        return [Literal(False, Type.BOOLEAN)]
    low = [_at_least(salt, start)] if start > 0 else []
    return [*low, Compare("<", _draw(salt), _share(end))] if end < 1 else list(low)


def _at_least(salt: str, share: float) -> Node:
    return Compare(">=", _draw(salt), _share(share))


def _draw(salt: str) -> Node:
    return Call("bucket", (Literal(salt, Type.TEXT),))


def _share(share: float) -> Node:
    return Literal(float(share), Type.NUMBER)


def _joined(parts: list[Node]) -> Node:
    flat = [one for part in parts for one in (part.parts if isinstance(part, Logic) and part.op == "and" else (part,))]
    asked = [one for one in flat if one != _EVERYBODY]
    if len(asked) < 2:
        return asked[0] if asked else _EVERYBODY
    return Logic("and", tuple(asked))


def _by_stratum(experiment: Experiment, strata: str | None, ranges: list[Node]) -> Node:
    """Take each customer's range by her stratum; who is of none that was fitted has the last one."""
    if not experiment.strata:
        return ranges[-1]
    if strata is None:
        wanted = "what they are strata of, such as rule_of(experiment, arm, strata='country')"
        raise ModelError(f"experiment '{experiment.name}': found fitted strata, wanted {wanted}")
    by = parse(strata)
    names = [Literal(stratum.name, Type.TEXT) for stratum in experiment.strata]
    branches = [(Compare("=", by, name), told) for name, told in zip(names, ranges, strict=False)]
    return Case(tuple(branches), ranges[-1])
