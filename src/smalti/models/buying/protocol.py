"""What every model of repeat buying answers, so that whoever asks need not know which one was chosen."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from numpy.typing import ArrayLike

from smalti.models.arrays import Floats, Integers
from smalti.models.buying.expectation import WHOLE, Steps


@runtime_checkable
class RepeatBuying(Protocol):
    """A fitted model of purchases without a contract; a plain value that scores any customer.

    In all methods `repeats` (x) counts purchases after the first, `recency` (t_x) is the time from the first to the
    last purchase and `age` (T) from the first purchase to the as-of instant, both in `unit`. Arrays broadcast; each
    method raises `ModelError` for histories that cannot be.

    Examples:
        >>> from smalti.models.buying.model import BuyingModel
        >>> isinstance(BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614), RepeatBuying)
        True
    """

    @property
    def kind(self) -> str:
        """Name of the kind: `mbg_nbd`, `bg_nbd` or `pareto_nbd`."""

    @property
    def unit(self) -> str:
        """Name of the unit of time in which recency, age and horizons are counted."""

    @property
    def r(self) -> float:
        """Shape of the Gamma distribution of purchase rates over customers."""

    @property
    def alpha(self) -> float:
        """Its rate parameter, in `unit`."""

    @property
    def log_likelihood(self) -> float:
        """Of the customers it was fitted on; NaN when it was not fitted."""

    @property
    def customers(self) -> int:
        """How many those were."""

    @property
    def repeat_customers(self) -> int:
        """How many of those came back at least once."""

    @property
    def groups(self) -> int:
        """How many distinct histories those had."""

    @property
    def converged(self) -> bool:
        """Whether the search for the parameters stood still at its end."""

    @property
    def at_bound(self) -> tuple[str, ...]:
        """Names of the parameters that the base does not pin down."""

    @property
    def standard_errors(self) -> tuple[float, ...] | None:
        """Of the log-parameters in their order; None when not known or at a bound."""

    def p_alive(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the chance that each customer is still active."""

    def rate_if_active(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return each customer's expected purchases per unit of time while she is active."""

    def expected_purchases(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike, steps: Steps = WHOLE
    ) -> Floats:
        """Return the expected number of purchases in the next `horizon`, its steps weighted."""

    def expected_new(self, horizon: ArrayLike, steps: Steps = WHOLE) -> Floats:
        """Return the expected repeat purchases of a new customer in the `horizon` after her first purchase."""

    def purchase_chance(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike) -> Floats:
        """Return the chance of at least one purchase in the next `horizon`."""

    def purchases_interval(
        self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike, level: float = 0.8
    ) -> tuple[Integers, Integers]:
        """Return the ends of the central predictive interval of the number of purchases in the next `horizon`."""

    def log_likelihood_of(self, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the log-likelihood of each customer's history."""

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers, texts and lists that JSON keeps without loss."""
