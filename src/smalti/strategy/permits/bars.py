"""Why a customer may not be given an action: the bars, as codes and as sentences."""

from __future__ import annotations

from typing import NamedTuple


class Bar(NamedTuple):
    """One reason for which something may not be.

    Attributes:
        name: Its code as text, as published.
        sentence: What it says of a customer, to follow "not possible: ".
    """

    name: str
    sentence: str


BARS: tuple[Bar, ...] = (
    Bar("possible", "it is possible"),
    Bar("not eligible", "the rules of the treatment and of its strategy do not name her"),
    Bar("suppressed", "she is never contacted, by the rule of suppression"),
    Bar("held out", "she is held out, to measure what doing nothing brings"),
    Bar("other arm", "an experiment has drawn her into another arm"),
    Bar("out of its dates", "it cannot begin within the plan by its own dates"),
    Bar("not triggered", "what it begins with has not happened to her"),
    Bar("under way", "it is under way for her already"),
    Bar("had it already", "she has had it, and may not have it again yet"),
    Bar("exclusive", "she has had another treatment that excludes it"),
    Bar("no address", "she has no address on its channel"),
    Bar("no consent", "she has not agreed to be contacted by its channel"),
    Bar(
        "contacted too often", "its contacts would come on top of others, more often than one customer may be contacted"
    ),
    Bar("quiet throughout", "her quiet hours last as long as it could begin"),
    Bar("message incomplete", "its message needs something that is not known of her"),
    Bar("stopped", "what ends the treatment has happened"),
    Bar("condition not met", "the condition of the step is not true"),
    Bar("too late", "the time of the step has passed"),
    Bar("more than one treatment", "she would get treatments together that are no bundle"),
    Bar("channel full", "the channel carries no more contacts"),
    Bar("no money", "the budget does not reach"),
    Bar("too many", "the treatment is for fewer customers"),
)
"""Why not, by code: the places of this list. Of several, the first holds; 0 is that nothing stands against it.

The bars up to "quiet throughout" are those of an action (`permits`), "message incomplete" is what the values of customers say
of its messages; the next three end what is under way (`under_way`);
the rest are found only among contacts planned together (`audit`).
"""

(
    POSSIBLE,
    NOT_ELIGIBLE,
    SUPPRESSED,
    HELD_OUT,
    OTHER_ARM,
    OUT_OF_DATES,
    NOT_TRIGGERED,
    UNDER_WAY,
    HAD_ALREADY,
    EXCLUSIVE,
    NO_ADDRESS,
    NO_CONSENT,
    TOO_OFTEN,
    QUIET,
    INCOMPLETE,
    STOPPED,
    NOT_MET,
    TOO_LATE,
    NO_BUNDLE,
    CHANNEL_FULL,
    NO_MONEY,
    TOO_MANY,
) = range(len(BARS))


def told(code: int) -> str:
    """Give the sentence of a bar.

    Raises:
        IndexError: There is no such code.

    >>> told(NO_CONSENT)
    'she has not agreed to be contacted by its channel'
    """
    return BARS[code].sentence
