"""What the invented shop sells: six categories of eight products, each with a usual price in pence."""

from __future__ import annotations

import numpy as np

_SHELVES = {
    "gifts": (
        ("Scented candle", 1400), ("Photo frame", 1800), ("Gift hamper", 4500), ("Silk scarf", 3200),
        ("Card set", 600), ("Chocolate box", 1100), ("Music box", 2700), ("Keepsake tin", 900),
    ),
    "toys": (
        ("Wooden train", 2400), ("Jigsaw", 1300), ("Board game", 2800), ("Soft bear", 1600),
        ("Building blocks", 3500), ("Kite", 1200), ("Marble run", 3900), ("Paint set", 800),
    ),
    "home": (
        ("Table lamp", 4200), ("Wool throw", 5500), ("Cushion", 1900), ("Wall clock", 3400),
        ("Storage basket", 1500), ("Door mat", 1700), ("Mirror", 6200), ("Vase", 2300),
    ),
    "clothes": (
        ("Linen shirt", 3900), ("Wool jumper", 5900), ("Dress", 6500), ("Jeans", 5200),
        ("Raincoat", 8500), ("Socks", 700), ("Trainers", 7200), ("Belt", 2200),
    ),
    "kitchen": (
        ("Mug", 800), ("Chef's knife", 4800), ("Teapot", 2600), ("Apron", 1800),
        ("Baking tin", 1200), ("Bread board", 2100), ("Cafetiere", 3300), ("Storage jar", 700),
    ),
    "stationery": (
        ("Notebook", 900), ("Fountain pen", 3600), ("Desk pad", 1500), ("Paper ream", 600),
        ("Envelopes", 500), ("Desk organiser", 2400), ("Wall planner", 1300), ("Stapler", 1100),
    ),
}  # fmt: skip

CATEGORIES = tuple(_SHELVES)
PRODUCTS = tuple(product for shelf in _SHELVES.values() for product, _ in shelf)
SHELF = 8
"""Products per category, and so the most lines an order can have without naming a product twice."""

USUAL_PRICE = np.array([price for shelf in _SHELVES.values() for _, price in shelf], dtype=np.int64)
UNIT_COST_SHARE = np.array([0.45, 0.52, 0.48, 0.42, 0.50, 0.58])
"""What goods cost the shop, as a share of the price before discount, by category."""
