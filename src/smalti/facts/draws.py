"""Draws: the same number in [0, 1) for the same customer and salt, whoever asks, whenever, on whichever engine."""

from __future__ import annotations

from hashlib import md5

SHARES = 2**32
"""How many different draws there are: a draw is a whole number of 1/4,294,967,296."""


def draw_of(salt: str, customer_id: str) -> float:
    """Give a customer's draw: the first 8 hexadecimal digits of the MD5 of ``salt:customer_id`` in UTF-8, over 2^32.

    Draws of many customers are uniform, and those under different salts are independent of each other. MD5 (RFC 1321)
    keeps no secret here; it is chosen because every engine has it and gives the same.

    Args:
        salt: What names the draw.
        customer_id: Whose draw it is.

    Returns:
        A number of at least 0 and below 1; a float64 holds it exactly.

    >>> draw_of("spring", "C1"), draw_of("autumn", "C1")
    (0.45852471119724214, 0.2997505043167621)
    """
    digest = md5(f"{salt}:{customer_id}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") / SHARES
