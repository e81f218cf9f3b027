"""What a project assumes where it has not measured, each with its name, its value and who said so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from smalti.facts import Currency, format_minor, to_minor

BY_DEFAULT = "smalti's default"
BY_PROJECT = "this project"


@dataclass(frozen=True)
class Amount:
    """An amount of money: fixed, or a share of the average order so that it fits any currency and any trade.

    >>> Amount.read("2 %"), Amount.read(0.5)
    (Amount(fixed=None, share=0.02), Amount(fixed=Decimal('0.5'), share=None))
    """

    fixed: Decimal | None = None
    share: float | None = None

    @classmethod
    def read(cls, written: Any) -> Amount:
        """Read a number of major units, or a percentage of the average order.

        Raises:
            ValueError: It is neither.
        """
        if isinstance(written, Amount):
            return written
        text = str(written).strip()
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", text)
        if match is None or isinstance(written, bool):
            raise ValueError(
                f"found '{text}', wanted an amount such as 0.50, or a share of the average order such as '2 %'"
            )
        number = Decimal(match[1])
        return cls(share=float(number) / 100) if match[2] else cls(fixed=number)

    def minor(self, currency: Currency, average_order: float) -> int:
        """Give the amount in minor units.

        >>> Amount(share=0.02).minor(Currency("GBP"), 5000.0), Amount(fixed=Decimal("0.5")).minor(Currency("GBP"), 0)
        (100, 50)
        """
        return round(self.exact(currency, average_order)) if self.fixed is None else to_minor(self.fixed, currency)

    def exact(self, currency: Currency, average_order: float) -> float:
        """Give the amount in minor units with its fraction: what one message costs is less than a penny, a year's are not.

        >>> Amount(fixed=Decimal("0.004")).exact(Currency("GBP"), 0.0), Amount(share=0.0002).exact(Currency("GBP"), 2000.0)
        (0.4, 0.4)
        """
        return (self.share or 0.0) * average_order if self.fixed is None else float(self.fixed * currency.scale)

    def told(self, currency: Currency, average_order: float) -> str:
        """Say the amount, and the share it comes from."""
        text = format_minor(self.minor(currency, average_order), currency)
        return text if self.share is None else f"{text} ({self.share * 100:g} % of the average order)"

    def __str__(self) -> str:
        return f"{self.fixed}" if self.fixed is not None else f"{(self.share or 0) * 100:g} %"


MoneyAmount = Annotated[Amount, BeforeValidator(Amount.read)]
ByChannel = Annotated[
    tuple[tuple[str, MoneyAmount], ...],
    BeforeValidator(lambda value: tuple(value.items()) if isinstance(value, Mapping) else value),
]
Share = Annotated[float, Field(ge=0, le=1)]


def _percent(value: Any) -> Any:
    """Read ``5 %`` as 0.05."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) else None
    return float(match[1]) / 100 if match else value


_WRITTEN = [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$"}]
Percentage = Annotated[float, BeforeValidator(_percent), Field(ge=0, le=1), WithJsonSchema({"anyOf": _WRITTEN})]
"""A share of all, as a number up to 1 or as a percentage."""


class Assumptions(BaseModel):
    """What the value map takes for granted. Amounts are per event: money, or a share of the average order.

    >>> Assumptions(margin_rate=0.4).margin_rate, Assumptions().by("margin_rate")
    (0.4, "smalti's default")
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    margin_rate: Share = Field(0.3, description="margin earned on what is sold, where no cost of goods is given")
    cost_per_order: MoneyAmount = Field(Amount(share=0.03), description="cost to serve one order")
    cost_per_return: MoneyAmount = Field(Amount(share=0.06), description="cost to handle one return")
    channel_costs: ByChannel = Field((), description="cost to serve one order by channel, in place of cost_per_order")
    cost_per_contact: MoneyAmount = Field(Amount(share=0.0002), description="cost of one message to one customer")
    contacts_per_year: int = Field(12, ge=0, description="messages a year that everybody would get without a plan")
    contact_lift: Share = Field(0.02, description="share of a customer's value that such messages add")
    discount_rate: Share = Field(0.1, description="yearly rate at which money to come is discounted")
    horizon_days: int = Field(365, ge=1, le=3650, description="days ahead for which value to come is reckoned")

    @property
    def horizon(self) -> str:
        """The horizon in words.

        >>> Assumptions().horizon, Assumptions(horizon_days=90).horizon
        ('the year ahead', 'the 90 days ahead')
        """
        return "the year ahead" if self.horizon_days == 365 else f"the {self.horizon_days} days ahead"

    def by(self, name: str) -> str:
        """Say who assumed a value."""
        return BY_PROJECT if name in self.model_fields_set else BY_DEFAULT

    def listed(self, currency: Currency, average_order: float) -> list[dict[str, str]]:
        """Give every assumption as name, value, about and by, for a reader."""
        rows = []
        for name, about in self.fields().items():
            value = getattr(self, name)
            if isinstance(value, Amount):
                text = value.told(currency, average_order)
            elif isinstance(value, tuple):
                text = (
                    ", ".join(f"{channel} {amount.told(currency, average_order)}" for channel, amount in value)
                    or "none given"
                )
            else:
                text = f"{value * 100:g} %" if isinstance(value, float) else str(value)
            rows.append({"name": name, "value": text, "about": about, "by": self.by(name)})
        return rows

    @classmethod
    def fields(cls) -> Mapping[str, str]:
        """Give the names of all assumptions with what each is about."""
        return {name: field.description or "" for name, field in cls.model_fields.items()}
