"""Customer ids are text, and one id is written one way."""

from __future__ import annotations

import math
import re
from decimal import Decimal

_WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+")


def customer_key(value: object) -> str | None:
    """Give a customer id as text, or None where there is none.

    White space around it goes; a whole number that a spreadsheet turned into ``12345.0`` is ``12345`` again; leading zeros
    stay, because ``00042`` and ``42`` may be two people.

    >>> customer_key(12345.0), customer_key(" C42 "), customer_key("00042"), customer_key("  ")
    ('12345', 'C42', '00042', None)
    """
    if value is None or (isinstance(value, float | Decimal) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    match = _WHOLE_FLOAT.fullmatch(text)
    return (match[1] if match else text) or None
