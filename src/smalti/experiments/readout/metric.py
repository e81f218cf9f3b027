"""What is measured: an outcome per customer, or a ratio of two, made sharper by what was known of each customer before."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from smalti.errors import ModelError


@dataclass(frozen=True)
class Metric:
    """An outcome by which arms are held against each other.

    Attributes:
        name: What it is called.
        numerator: The column that is averaged over customers.
        denominator: Of a ratio (orders per visit) the column below the line, the ratio being that of the two means; None for
            a mean per customer.
        covariate: The same number from before the experiment (CUPED); anything fixed before the arms were drawn will do,
            and the more it goes with the outcome, the narrower the interval. None for none.
        covariate_denominator: Of a covariate that is a ratio the column below the line.
        better: Whether more of it is better, or less.
        least: The smallest effect that is worth having, in the metric's own unit, 0 or above: such as what a contact costs.
        unit: How its numbers are told: "share" for per cents, else what is put behind them, such as GBP.

    Raises:
        ModelError: A denominator of a covariate without the covariate, `least` is below 0, or it isn't said which is better.

    Examples:
        >>> Metric("spend", "spend", covariate="spend_before").columns
        ('spend', 'spend_before')
    """

    name: str
    numerator: str
    denominator: str | None = None
    covariate: str | None = None
    covariate_denominator: str | None = None
    better: Literal["higher", "lower"] = "higher"
    least: float = 0.0
    unit: str = ""

    def __post_init__(self) -> None:
        if self.covariate is None and self.covariate_denominator is not None:
            raise ModelError(f"{self.name}: expected a covariate above {self.covariate_denominator}, got none")
        if self.better not in ("higher", "lower"):
            raise ModelError(f"{self.name}: better: found '{self.better}', wanted higher or lower")
        if not 0 <= self.least < inf:
            raise ModelError(f"{self.name}: expected a smallest effect worth having of 0 or above, got {self.least}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs, each once."""
        asked = (self.numerator, self.denominator, self.covariate, self.covariate_denominator)
        return tuple(dict.fromkeys(one for one in asked if one is not None))

    @property
    def covariates(self) -> tuple[str, ...]:
        """The columns among them that are from before the experiment."""
        return tuple(one for one in (self.covariate, self.covariate_denominator) if one is not None)

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.better == "higher" else -1
