"""All standard segmentations by name, and which of them are used where a project does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from smalti.segments.frameworks.concentration import (
    ChannelPreferenceSettings,
    ProductAffinitySettings,
    channel_preference,
    product_affinity,
)
from smalti.segments.frameworks.engagement import EngagementSettings, engagement
from smalti.segments.frameworks.framework import EVERYTHING, Framework, Given, Settings, SettingsT
from smalti.segments.frameworks.lifecycle import LifecycleSettings, lifecycle
from smalti.segments.frameworks.negative import NegativeSettings, carried_by_default, negative
from smalti.segments.frameworks.prices import (
    DiscountDependenceSettings,
    PriceSensitivitySettings,
    discount_dependence,
    price_sensitivity,
)
from smalti.segments.frameworks.rfm import RfmSettings, rfm
from smalti.segments.frameworks.tenure import TenureSettings, tenure
from smalti.segments.frameworks.value_tiers import ValueTierSettings, value_tiers


@dataclass(frozen=True)
class Recipe:
    """How a framework is made.

    Attributes:
        settings: Its settings.
        build: Makes it from settings and what there is to build on.
    """

    settings: type[Settings]
    build: Callable[[Any, Given], Framework]

    def __call__(self, settings: Settings | Mapping[str, Any] | None = None, given: Given | None = None) -> Framework:
        """Make the framework; without settings with its defaults, without anything given on all there can be."""
        return self.build(self.settings.model_validate(settings or {}), given or EVERYTHING)


def _recipe(settings: type[SettingsT], build: Callable[[SettingsT, Given], Framework]) -> Recipe:
    return Recipe(settings, build)


FRAMEWORKS: dict[str, Recipe] = {
    "rfm": _recipe(RfmSettings, rfm),
    "lifecycle": _recipe(LifecycleSettings, lifecycle),
    "value_tiers": _recipe(ValueTierSettings, value_tiers),
    "engagement": _recipe(EngagementSettings, engagement),
    "product_affinity": _recipe(ProductAffinitySettings, product_affinity),
    "price_sensitivity": _recipe(PriceSensitivitySettings, price_sensitivity),
    "discount_dependence": _recipe(DiscountDependenceSettings, discount_dependence),
    "tenure": _recipe(TenureSettings, tenure),
    "channel_preference": _recipe(ChannelPreferenceSettings, channel_preference),
    "negative": _recipe(NegativeSettings, negative),
}
"""The standard frameworks by name."""
ALWAYS = ("rfm", "lifecycle", "value_tiers")
"""Those that are used where a project does not say which; left out with a note where the data cannot carry them."""


def by_default(given: Given) -> tuple[str, ...]:
    """Give the frameworks that are used where a project does not say which.

    Beside those of `ALWAYS` there is engagement where a stream tells of it, and the negative segments where there are
    returns or tickets with their cost; both go unmentioned where not. All others are used on request.

    >>> by_default(EVERYTHING), by_default(Given({}, frozenset()))
    (('rfm', 'lifecycle', 'value_tiers', 'engagement', 'negative'), ('rfm', 'lifecycle', 'value_tiers'))
    """
    lively = not FRAMEWORKS["engagement"](given=given).lacking
    costly = carried_by_default(given) and "orders_total" in given.names
    return ALWAYS + ("engagement",) * lively + ("negative",) * costly


def standard_framework(
    name: str, settings: Settings | Mapping[str, Any] | None = None, given: Given | None = None
) -> Framework:
    """Give a framework by its name, a key of `FRAMEWORKS`.

    Args:
        name: Its name.
        settings: Its settings, as a value or by name; None takes the defaults.
        given: What it can be built on; None takes all there can be.

    Raises:
        ValueError: The settings are not those of this framework (as pydantic tells it).

    >>> sorted(standard_framework("value_tiers").segments)
    ['bronze', 'gold', 'no_spend', 'platinum', 'silver']
    >>> standard_framework("rfm", {"bands": 3}).segments["champions"].who
    'rfm_recency >= 3 and rfm_frequency + rfm_monetary >= 6'
    """
    return FRAMEWORKS[name](settings, given)
