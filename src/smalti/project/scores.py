"""What a score is as it is written in a project: what is foretold, how far ahead, for whom, and from what."""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from smalti.errors import nearest
from smalti.facts import Microseconds, length_of_time, parse_duration

Foretold: TypeAlias = Literal["purchase", "churn", "spend", "next_category", "renewal"]
"""What has a word of its own; anything else is a rule or number about what comes."""
FORETOLD: tuple[str, ...] = get_args(Foretold)
CHANCE = "_chance"
"""What stands behind the name of a score that is text, in the name of the column with its chance."""
PERIODS = "_periods"
"""What stands behind the name of a score of renewal, in the name of the column with the periods to come."""
_PERIOD = re.compile(r"\s*[1-9]\d{0,3}\s*(day|week|month|quarter|year)s?\s*")
_OF_RENEWAL = ("started", "ended", "period")
_OF_EFFECT = ("arm", "outcome")
_LEARNT = ("within", "cut_offs")
_NEEDED = "such as will_buy: {predict: purchase, within: 90 days} or like_best: {like: champions}"


class ScoreDefinition(BaseModel):
    """A score as it is written in a project.

    >>> one = ScoreDefinition(predict="purchase", within="90 days")
    >>> one.kind, one.horizon // 86_400_000_000
    ('purchase', 90)
    >>> ScoreDefinition(predict="count(orders) >= 2", within="30 days").kind
    'rule'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    predict: str | None = Field(
        None,
        description="What is foretold: purchase (chance of an order), churn (chance of none), spend (money), next_category "
        "(text: the category on which most is spent on her next day of purchase), "
        "renewal (chance that a contract goes on), or a rule or number in the language about what comes after the "
        "instant, such as count(events, where name = 'Email Opened') >= 1.",
    )
    within: str | None = Field(None, description="How far ahead, such as 90 days; not for renewal and like.")
    like: str | None = Field(None, description="In place of predict: the segment whose look-alikes are sought.")
    effect: str | None = Field(
        None, description="In place of predict: the experiment that shows what an arm does for each customer."
    )
    arm: str | None = Field(
        None, description="Of effect: the arm whose effect over the control is told; left out, the only one there is."
    )
    outcome: str | None = Field(
        None, description="Of effect: which of the experiment's outcomes; left out, the one that decides."
    )
    started: str | None = Field(None, description="Of renewal: the attribute or trait that says when a contract began.")
    ended: str | None = Field(
        None, description="Of renewal: the attribute or trait that says when it ended, missing while it runs."
    )
    period: str | None = Field(
        None, description="Of renewal: how long until a contract is renewed each time, such as 1 month."
    )
    title: str | None = Field(None, description="What people call it.")
    customers: str | None = Field(
        None,
        description="The rule that says for whom it is foretold; left out, whoever has a fact in the streams it speaks of.",
    )
    traits: tuple[str, ...] | None = Field(
        None,
        description="The traits and attributes it may be learnt from; left out, all that can be used. Attributes without a "
        "date are used only when they are named here or under quality: {lasting: ...}.",
    )
    cut_offs: int = Field(
        4,
        ge=1,
        le=24,
        description="From how many earlier instants it is learnt, each one horizon before the next; fewer where there are no "
        "facts from so long ago.",
    )

    @field_validator("within", "period", mode="before")
    @classmethod
    def _plain_numbers_are_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @field_validator("within")
    @classmethod
    def _a_length_of_time(cls, text: str | None) -> str | None:
        if text is None:
            return None
        return length_of_time(text, "a score", "90 days")

    @field_validator("period")
    @classmethod
    def _a_period(cls, text: str | None) -> str | None:
        if text is not None and not _PERIOD.fullmatch(text):
            raise ValueError(
                f"not a period: found '{text}', wanted a whole number of days, weeks, months, quarters or years, "
                "such as 1 month"
            )
        return " ".join(text.split()) if text is not None else None

    @field_validator("predict", "like", "customers", "effect", "arm", "outcome")
    @classmethod
    def _something(cls, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise ValueError("wrong value: found nothing, wanted text")
        return text

    @model_validator(mode="after")
    def _whole(self) -> ScoreDefinition:
        if problems := _lacks(self):
            raise ValueError("; ".join(problems))
        return self

    @property
    def kind(self) -> Literal["purchase", "churn", "spend", "next_category", "renewal", "rule", "like", "effect"]:
        """What kind of score it is: a word of `FORETOLD`, ``rule``, ``like`` or ``effect``."""
        if self.predict is None:
            return "like" if self.like is not None else "effect"
        word = self.predict.strip()
        return word if word in FORETOLD else "rule"  # type: ignore[return-value]

    @property
    def horizon(self) -> Microseconds:
        """How far ahead it looks; 0 of what has no horizon."""
        return parse_duration(self.within) if self.within is not None else 0


def _lacks(one: ScoreDefinition) -> list[str]:
    """Tell what does not go together, or is missing."""
    ways = [name for name in ("predict", "like", "effect") if getattr(one, name) is not None]
    if len(ways) != 1:
        found = " and ".join(f"{name}:" for name in ways) or "none of them"
        return [f"a score has one of predict:, like: and effect:, and this one has {found}; {_NEEDED}"]
    kind, given = one.kind, {name for name in (*_OF_RENEWAL, *_OF_EFFECT, *_LEARNT) if name in one.model_fields_set}
    given = {name for name in given if getattr(one, name) is not None}
    if kind == "renewal":
        told = [f"'{name}' is missing: renewal needs started:, ended: and period:" for name in _OF_RENEWAL]
        lacking = [text for name, text in zip(_OF_RENEWAL, told, strict=True) if name not in given]
        return lacking + [f"'{name}' has no meaning for renewal" for name in (*_OF_EFFECT, *_LEARNT) if name in given]
    strange = [f"'{name}' is for predict: renewal alone" for name in _OF_RENEWAL if name in given]
    strange += [f"'{name}' is for effect: alone" for name in _OF_EFFECT if name in given and kind != "effect"]
    if kind == "effect":
        return strange + [f"'{name}' has no meaning for effect:" for name in _LEARNT if name in given]
    if kind == "like":
        return strange + [f"'{name}' has no meaning for like:" for name in _LEARNT if name in given]
    return strange + (["'within' is missing: say how far ahead, such as within: 90 days"] if not one.within else [])


def near_word(text: str) -> str | None:
    """Give the word that a misspelt one is nearest to.

    >>> near_word("purchas"), near_word("zebra")
    ('purchase', None)
    """
    return nearest(text, FORETOLD)
