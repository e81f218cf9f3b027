"""What a project says of a way to reach its customers: where to, and by what right."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from smalti.rules import Node


class ChannelDefinition(BaseModel):
    """A channel as it is written in a project: the address it takes, and the consent or the lawful basis to use it.

    >>> ChannelDefinition.model_validate({"address": "email", "consent": "email_consent"}).basis is None
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(description="The attribute by which destinations find the customer, such as email.")
    consent: str | None = Field(
        default=None, description="The rule that is true of those who agreed to be reached this way."
    )
    basis: str | None = Field(
        default=None, description="The lawful basis in words, who checked it and when; it stands for consent."
    )

    @field_validator("basis")
    @classmethod
    def _in_words(cls, value: str | None) -> str | None:
        if value is not None and len(value.split()) < 2:
            raise ValueError(
                f"a lawful basis is said in so many words: found '{value}', wanted such as 'contract; checked by legal 2026-01'"
            )
        return value

    @model_validator(mode="after")
    def _one_right(self) -> ChannelDefinition:
        if (self.consent is None) == (self.basis is None):
            found = "neither" if self.consent is None else "both"
            raise ValueError(
                f"by what right a channel is used: found '{found}', wanted either consent, a rule, or basis, a lawful basis "
                "in words"
            )
        return self


@dataclass(frozen=True)
class Channel:
    """A channel made ready.

    Attributes:
        name: Its name.
        definition: What was written.
        consent: The rule of consent in the form the readings take; None where a lawful basis stands for it.
    """

    name: str
    definition: ChannelDefinition
    consent: Node | None
