"""What a customer reads: templates filled in for her, within a sandbox.

- `values`: money, numbers, dates and words as people write them
- `filters`: what a template may do to a value; the refusal to send
- `syntax`: what a template may be made of, and how large it may be
- `markup`: where a value may stand in HTML
- `check`: all that is wrong with a template, before anything is sent
- `rendering`: the variant that is for a customer, filled in with her own values
- `needs`: without which values a message can't be sent
"""

from smalti.strategy.messages.check import check_message, check_template, fields_of
from smalti.strategy.messages.filters import FILTERS, RefusedError
from smalti.strategy.messages.needs import message_fields, message_needs, needed_by
from smalti.strategy.messages.rendering import Rendered, choose_variant, render, wording
from smalti.strategy.messages.values import Row, Writing, plain

__all__ = [
    "FILTERS",
    "RefusedError",
    "Rendered",
    "Row",
    "Writing",
    "check_message",
    "check_template",
    "choose_variant",
    "fields_of",
    "message_fields",
    "message_needs",
    "needed_by",
    "plain",
    "render",
    "wording",
]
