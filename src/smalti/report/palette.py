"""Which piece of glass stands for which strategy, so that one strategy has one colour all over the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

GLASS = (
    "onboard",
    "develop",
    "cross_sell",
    "up_sell",
    "retain",
    "win_back",
    "reward",
    "migrate",
    "reduce_cost",
)
"""Strategies with a colour of their own; the style sheet's `g0` to `g8`."""
CLEAR = ("leave_alone", "do_not_target")
"""Strategies of doing nothing: clear glass, `q0` and `q1`."""


def glasses(strategies: Iterable[str]) -> dict[str, str]:
    """Give each strategy the name of its glass; those we do not know take the unused ones, then begin again.

    >>> glasses(["retain", "leave_alone", "call_by_name"])
    {'retain': 'g4', 'leave_alone': 'q0', 'call_by_name': 'g0'}
    """
    names = list(dict.fromkeys(strategies))
    spare = [place for place, name in enumerate(GLASS) if name not in names] or list(range(len(GLASS)))
    chosen, taken = {}, 0
    for name in names:
        if name in GLASS:
            chosen[name] = f"g{GLASS.index(name)}"
        elif name in CLEAR:
            chosen[name] = f"q{CLEAR.index(name)}"
        else:
            chosen[name] = f"g{spare[taken % len(spare)]}"
            taken += 1
    return chosen


def tiles(parts: Mapping[str, int], pieces: int) -> list[str]:
    """Share out pieces by the largest remainder, largest part first: a mosaic that has the parts' proportions.

    Returns:
        The part of each piece; fewer than `pieces` only where all parts are 0.

    >>> tiles({"a": 2, "b": 1, "c": 0}, 6)
    ['a', 'a', 'a', 'a', 'b', 'b']
    """
    total = sum(parts.values())
    if total <= 0:
        return []
    whole = {name: number * pieces // total for name, number in parts.items()}
    left = sorted(parts, key=lambda name: (-(parts[name] * pieces % total), name))
    for name in left[: pieces - sum(whole.values())]:
        whole[name] += 1
    order = sorted(parts, key=lambda name: (-parts[name], name))
    return [name for name in order for _ in range(whole[name])]
