"""Every kind of buying model by its name: fit one, read back a stored one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from numpy.typing import ArrayLike

from smalti.errors import ModelError, nearest
from smalti.models.buying.model import BuyingModel, fit_buying
from smalti.models.buying.pareto import ParetoModel, fit_pareto
from smalti.models.buying.protocol import RepeatBuying

RepeatBuyingKind: TypeAlias = Literal["mbg_nbd", "bg_nbd", "pareto_nbd"]


def fit_repeat_buying(
    kind: RepeatBuyingKind,
    repeats: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    unit: str = "week",
) -> RepeatBuying:
    """Fit the buying model of this kind by maximum likelihood.

    Args:
        kind: `mbg_nbd` or `bg_nbd` (see `fit_buying`), or `pareto_nbd` (see `fit_pareto`).
        repeats: purchases after the first (x) of each customer.
        recency: time from first to last purchase (t_x), 0 without a repeat.
        age: time from first purchase to the as-of instant (T).
        weights: how many customers each row stands for; 1 each when not given.
        unit: name of the unit of time, remembered in the model.

    Raises:
        ModelError: when the kind is unknown, a row cannot be a history, or the base says too little.

    Examples:
        >>> base = [0, 0, 0, 1, 2, 5], [0, 0, 0, 4, 9, 20], [20, 25, 30, 22, 21, 22]
        >>> [fit_repeat_buying(kind, *base).log_likelihood > -40 for kind in ("mbg_nbd", "pareto_nbd")]
        [True, True]
    """
    _known(kind)
    if kind == "pareto_nbd":
        return fit_pareto(repeats, recency, age, weights=weights, unit=unit)
    return fit_buying(repeats, recency, age, kind=kind, weights=weights, unit=unit)


def repeat_buying_from_dict(stored: Mapping[str, Any]) -> RepeatBuying:
    """Return the model that `to_dict` of any kind gave.

    Raises:
        ModelError: when the kind is unknown, or a name is missing or unknown.

    Examples:
        >>> model = ParetoModel(0.5533, 10.5776, 0.6062, 11.6679)
        >>> repeat_buying_from_dict(model.to_dict()) == model
        True
    """
    pareto = _known(stored.get("kind")) == "pareto_nbd"
    return ParetoModel.from_dict(dict(stored)) if pareto else BuyingModel.from_dict(dict(stored))


def _known(kind: object) -> object:
    kinds = get_args(RepeatBuyingKind)
    if kind not in kinds:
        near = nearest(str(kind), list(kinds))
        hint = f"; did you mean {near!r}?" if near else ""
        raise ModelError(f"unknown buying model {kind!r}, wanted one of {', '.join(kinds)}{hint}")
    return kind
