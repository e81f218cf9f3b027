"""A few enormous amounts decide an average: they are capped by a rule fixed before anybody saw the outcome.

The cap is fitted once, on all arms together and before any grouping, and is the same for every arm, segment and outcome table.
A cap per arm or per segment would cut the arm with the larger effect more, and bias what is to be measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Booleans, Floats


@dataclass(frozen=True)
class OutlierRule:
    """A rule for a column of outcomes, fixed beforehand: one of the two.

    Attributes:
        column: The column it is for.
        at: The amount at which larger ones are capped.
        quantile: The share of amounts that are left alone, such as 0.999: of all arms together, of those who have any amount.

    Raises:
        ModelError: Neither or both are given, the amount is not finite, or the quantile is not between 0 and 1.
    """

    column: str
    at: float | None = None
    quantile: float | None = None

    def __post_init__(self) -> None:
        if (self.at is None) == (self.quantile is None):
            raise ModelError(
                f"outliers of {self.column}: expected an amount or a quantile, got {self.at} and {self.quantile}"
            )
        if self.at is not None and not np.isfinite(self.at):
            raise ModelError(f"outliers of {self.column}: expected a finite amount, got {self.at}")
        if self.quantile is not None and not 0 < self.quantile < 1:
            raise ModelError(f"outliers of {self.column}: expected a quantile between 0 and 1, got {self.quantile}")

    def fit(self, values: Floats) -> float:
        """Give the amount at which the column is capped.

        Args:
            values: The outcome of every customer of every arm; shape (n,). Zeros say nothing on large amounts and are left
                out of the quantile.

        Raises:
            ModelError: Nobody has any amount to take a quantile of.

        Examples:
            >>> OutlierRule("spend", quantile=0.75).fit(np.array([0.0, 0.0, 10.0, 20.0, 30.0, 40.0, 5000.0]))
            40.0
        """
        if self.at is not None:
            return self.at
        some = values[values != 0]
        if not len(some) or self.quantile is None:
            raise ModelError(f"outliers of {self.column}: expected amounts to take a quantile of, got none but 0")
        return float(np.quantile(some, self.quantile, method="higher"))


@dataclass(frozen=True)
class Capped:
    """What a rule did.

    Attributes:
        rule: The rule.
        at: The amount at which the column was capped.
        customers: How many customers were above it.
        taken: The sum that was cut off.
        share: The part of the whole sum that was cut off.
    """

    rule: OutlierRule
    at: float
    customers: int
    taken: float
    share: float

    @property
    def words(self) -> str:
        """What it did, as a sentence.

        >>> Capped(OutlierRule("spend", at=500.0), 500.0, 3, 1200.0, 0.012).words
        'spend was capped at 500: 3 customers were above it, and 1,200 (1.2 % of the sum) was not counted.'
        """
        who = "1 customer was" if self.customers == 1 else f"{self.customers:,} customers were"
        part = f"{self.taken:,.6g} ({100 * self.share:.2g} % of the sum) was not counted"
        return f"{self.rule.column} was capped at {self.at:,.6g}: {who} above it, and {part}."


def cap(values: Floats, rule: OutlierRule, among: Booleans) -> tuple[Floats, Capped]:
    """Cap a column, and tell what that did.

    Args:
        values: The outcome of every customer; shape (n,).
        rule: The rule.
        among: Who takes part in the experiment, in any arm; shape (n,). The rule is fitted to them all.

    Examples:
        >>> values, told = cap(np.array([1.0, 2.0, 900.0]), OutlierRule("spend", at=100.0), np.ones(3, dtype=bool))
        >>> values.tolist(), told.customers, told.taken
        ([1.0, 2.0, 100.0], 1, 800.0)
    """
    at = rule.fit(values[among])
    cut = np.minimum(values, at)
    taken = float((values - cut)[among].sum())
    whole = float(values[among].sum())
    return cut, Capped(rule, at, int((values[among] > at).sum()), taken, taken / whole if whole else 0.0)
