"""Filling messages in: one customer's own values, within a sandbox, or a refusal that says why not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Literal, TypeAlias

from jinja2 import StrictUndefined, Template, Undefined, UndefinedError, is_undefined
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from smalti.errors import Problem
from smalti.facts import Type
from smalti.strategy.messages.check import OFFER, check_template, fields_of
from smalti.strategy.messages.filters import RefusedError, filters_of, written
from smalti.strategy.messages.markup import is_html
from smalti.strategy.messages.syntax import tree_of
from smalti.strategy.messages.values import Row, Writing, value_of
from smalti.strategy.treatments import Message, MessageDefinition, VariantDefinition

Format: TypeAlias = Literal["text", "html"]
LONGEST_BODY = 200_000
"""Characters that a body may have once filled in."""
LONGEST_SUBJECT = 900
"""Bytes that a subject may have, in UTF-8: a line of a mail may not have 1,000 (RFC 5322, 2.1.1)."""


@dataclass(frozen=True)
class Rendered:
    """A message as one customer reads it.

    Attributes:
        subject: The subject, one line of plain words; empty where the message has none.
        offer: What is offered, in plain words.
        body: The text.
        format: What the body is: plain words, or HTML in which every value is escaped.
        variant: What the variant is called; None where it is the message itself.
    """

    subject: str
    offer: str
    body: str
    format: Format
    variant: str | None


class _Missing(StrictUndefined):
    """What is not known of a customer: nothing can be done with it but to ask whether it is missing."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = None, name: str | None = None, exc: Any = UndefinedError
    ) -> None:
        super().__init__(hint=name, name=name)


@lru_cache(maxsize=64)
def _sandbox(writing: Writing, markup: bool) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=_Missing,
        autoescape=markup,
        finalize=partial(written, writing),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.globals.clear()
    made.filters.clear()
    made.filters.update(filters_of(writing))
    made.tests.clear()
    made.tests.update({"missing": is_undefined, "defined": lambda value: not isinstance(value, Undefined)})
    return made


@lru_cache(maxsize=1 << 10)
def _compiled(text: str, writing: Writing, markup: bool) -> Template:
    """Make a template ready; one that may not be is never compiled."""
    for problem in check_template(text, fields_of(text), markup=markup):
        raise RefusedError("forbidden", f"the template is not fit to be sent: {problem}")
    return _sandbox(writing, markup).from_string(text)


def choose_variant(message: Message | MessageDefinition, memberships: Collection[str]) -> VariantDefinition | None:
    """Give the first variant whose segment the customer is in; None where the message itself is for her.

    >>> one = MessageDefinition(body="Hello", variants=(VariantDefinition(segment="vip", body="Welcome"),))
    >>> choose_variant(one, {"vip", "lapsed"}).segment, choose_variant(one, set())
    ('vip', None)
    """
    definition = message.definition if isinstance(message, Message) else message
    return next((one for one in definition.variants if one.segment in memberships), None)


def wording(message: MessageDefinition, variant: VariantDefinition | None) -> MessageDefinition:
    """Give a message as a variant puts it: what the variant gives replaces the message's own."""
    if variant is None:
        return message
    given = {
        part: getattr(variant, part) for part in ("subject", "offer", "body") if getattr(variant, part) is not None
    }
    return message.model_copy(update=given)


def render(
    message: Message | MessageDefinition,
    variant: VariantDefinition | None,
    row: Row,
    *,
    kinds: Mapping[str, Type],
    writing: Writing,
) -> Rendered:
    """Fill a message in for one customer.

    Only the values that its templates name are looked up, and only in her own row. Her values are never read as templates.

    Args:
        message: The message.
        variant: The variant that is for her, as `choose_variant` gives it.
        row: Her own values by name.
        kinds: The types of values, by name.
        writing: How values are written; the language of the message goes before that of `writing`.

    Raises:
        RefusedError: A value that is needed is missing or not fit to be written; the message must not be sent.

    >>> from smalti.facts import Currency
    >>> hello = MessageDefinition(subject="{{ name }}, {{ saved }} for you", body="Dear {{ name | default('customer') }}")
    >>> how = {"kinds": {"name": Type.TEXT, "saved": Type.MONEY}, "writing": Writing(Currency("GBP"))}
    >>> render(hello, None, {"name": "{{ 7*7 }}", "saved": 500}, **how).subject
    '{{ 7*7 }}, £5.00 for you'
    >>> render(hello, None, {"name": None, "saved": 500}, **how)
    Traceback (most recent call last):
    ...
    smalti.strategy.messages.filters.RefusedError: 'name' is missing and the template has no default for it
    """
    told = wording(message.definition if isinstance(message, Message) else message, variant)
    how = replace(writing, language=told.language) if told.language else writing
    tree = tree_of(told.body)
    markup = not isinstance(tree, Problem) and is_html(tree)
    subject = " ".join(_filled(told.subject, row, kinds, how).split())
    offer = _filled(told.offer, row, kinds, how).strip()
    spoken = Markup(_filled(told.offer, row, kinds, how, markup=True).strip() if markup else offer)  # noqa: S704 - escaped
    body = _filled(told.body, row, kinds, how, markup=markup, offer=spoken).strip()
    _fit(told, subject, body)
    return Rendered(subject, offer, body, "html" if markup else "text", _name_of(variant))


def _name_of(variant: VariantDefinition | None) -> str | None:
    return None if variant is None else variant.name or variant.segment


def _fit(told: MessageDefinition, subject: str, body: str) -> None:
    """Refuse what is empty or longer than can be sent."""
    if not body or (told.subject and not subject):
        raise RefusedError("empty", f"nothing to say: the {'subject' if body else 'body'} is empty")
    if len(body) > LONGEST_BODY or len(subject.encode()) > LONGEST_SUBJECT:
        raise RefusedError("long", f"too long: found {len(body):,} characters, with a subject of {len(subject):,}")


def _value(name: str, row: Row, kinds: Mapping[str, Type], writing: Writing) -> Any:
    """Give one of her values; one that is not what its type says is no value at all, whoever gave it."""
    try:
        return value_of(row.get(name), kinds.get(name), writing.currency)
    except (TypeError, ValueError, ArithmeticError):
        raise RefusedError("unfit", f"'{name}' is no {kinds.get(name)}: found '{row[name]!s:.80}'", name) from None


def _filled(
    text: str,
    row: Row,
    kinds: Mapping[str, Type],
    writing: Writing,
    *,
    markup: bool = False,
    offer: Markup | None = None,
) -> str:
    """Fill one template in; an `offer` is filled in already."""
    values = {}
    for name in fields_of(text):
        told = name == OFFER and offer is not None
        value = offer if told else _value(name, row, kinds, writing)
        if value is not None and value != "":
            values[name] = value
    try:
        return _compiled(text, writing, markup).render(values)
    except UndefinedError as error:
        name = str(error.message)
        raise RefusedError("missing", f"'{name}' is missing and the template has no default for it", name) from None
    except (TypeError, TemplateError, SecurityError, RecursionError) as error:
        raise RefusedError("unfit", f"the template cannot be filled in: {error}") from None
