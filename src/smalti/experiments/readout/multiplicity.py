"""Several arms, outcomes and segments looked at together: who looks often enough finds something, unless that is corrected.

The corrections are tea-tasting's. Sources: Holm, A simple sequentially rejective multiple test procedure (1979); Benjamini and
Yekutieli, The control of the false discovery rate in multiple testing under dependency (2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias, get_args

from smalti.errors import ModelError, nearest
from smalti.experiments.readout.comparing import AverageEffect

Correction: TypeAlias = Literal["holm", "yekutieli", "none"]
"""holm: the chance of any false alarm is held; yekutieli: the share of false ones among alarms is; none: neither."""


def adjusted(p_values: Sequence[float], correction: Correction = "holm", level: float = 0.95) -> tuple[float, ...]:
    """Correct p-values of effects that are looked at together, however they hang together.

    Args:
        p_values: The p-value of each; none missing.
        correction: What is held at 1 - `level`.
        level: As of the intervals.

    Returns:
        The corrected p-values, in the same order; each is to be held against 1 - `level`.

    Raises:
        ModelError: A p-value is not between 0 and 1, or there is no such correction.

    Examples:
        >>> [round(one, 3) for one in adjusted([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
        >>> [round(one, 3) for one in adjusted([0.01, 0.04, 0.03], "yekutieli")]
        [0.055, 0.073, 0.073]
    """
    wrong = [one for one in p_values if not 0 <= one <= 1]
    if wrong:
        raise ModelError(f"p-values: expected chances between 0 and 1, got {wrong[0]}")
    check_correction(correction)
    if correction == "none" or len(p_values) == 0:
        return tuple(p_values)
    from tea_tasting import adjust_fdr, adjust_fwer  # noqa: PLC0415
    from tea_tasting.experiment import ExperimentResult  # noqa: PLC0415

    given = ExperimentResult({str(place): {"pvalue": one} for place, one in enumerate(p_values)})
    if correction == "holm":
        told = adjust_fwer(given, alpha=1 - level, arbitrary_dependence=True, method="bonferroni")
    else:
        told = adjust_fdr(given, alpha=1 - level, arbitrary_dependence=True)
    (found,) = told.values()
    return tuple(float(found[str(place)]["pvalue_adj"]) for place in range(len(p_values)))


def check_correction(correction: str) -> None:
    """Refuse a correction that is not there.

    Raises:
        ModelError: It is not.
    """
    known = get_args(Correction)
    if correction not in known:
        near = nearest(correction, known)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ModelError(f"correction: found '{correction}', wanted one of {', '.join(known)}{hint}")


def corrected(effects: Sequence[AverageEffect], correction: Correction = "holm") -> tuple[AverageEffect, ...]:
    """Give effects that are looked at together with their corrected p-values, and whether each is sure.

    Where people look before the end the always-valid p-values are corrected, and hold at every look together as well.
    """
    if not effects:
        return ()
    level = effects[0].level
    p_values = adjusted([one.p if one.always is None else one.always.p for one in effects], correction, level)
    together = 1 if correction == "none" else len(effects)
    return tuple(
        replace(one, p_adjusted=p, sure=p <= 1 - level, together=together)
        for one, p in zip(effects, p_values, strict=True)
    )
