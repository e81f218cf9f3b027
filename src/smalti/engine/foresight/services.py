"""What stands among products and is none: postage, fees, adjustments. Nobody's next purchase is postage."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_WORDS = (
    "postage", "post", "shipping", "delivery", "carriage", "freight", "handling", "dotcom postage", "dot",
    "bank charges", "bank charge", "charges", "charge", "fee", "fees", "amazon fee", "amazonfee", "commission",
    "manual", "adjust", "adjustment", "adjust bad debt", "discount", "voucher", "gift voucher", "gift card", "samples",
    "sample", "test", "deposit", "surcharge", "insurance", "packaging", "gift wrap", "donation", "cruk commission",
    "cruk", "refund", "credit", "versand", "porto",
)  # fmt: skip
_CODE_SHARE = 0.95
_CODE_DIGITS = 4


def services_among(products: Sequence[str]) -> tuple[str, ...]:
    """Find the products that are services, by their names or, where nearly all are numbered, by having no number.

    A name is that of a service when it is one of the usual words for one, digits and punctuation aside, or begins with
    `gift_` and a number as vouchers do. Where 95 % of the products have codes of four digits or more, a code of two digits
    or fewer is none of a product.

    Args:
        products: Names or codes.

    Returns:
        Those that are services, in ascending order.

    >>> services_among(["Teapot", "Postage", "Mug"])
    ('Postage',)
    >>> services_among([*map(str, range(85000, 85100)), "C2", "M", "DOT"])
    ('C2', 'DOT', 'M')
    """
    digits = np.array([sum(character.isdigit() for character in one) for one in products])
    coded = len(digits) > 0 and float((digits >= _CODE_DIGITS).mean()) >= _CODE_SHARE
    found = {one for one, count in zip(products, digits, strict=True) if coded and count <= 2}
    found |= {one for one in products if _plain(one) in _WORDS or re.match(r"(?i)gift_\d", one)}
    return tuple(sorted(found))


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^a-z]+", " ", name.casefold()).split())
