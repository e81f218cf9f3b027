"""A project with treatments, messages and limits, and the streams it is written for."""

from __future__ import annotations

from functools import lru_cache

import yaml

from smalti.errors import DefinitionError
from smalti.facts import CUSTOMERS, ORDERS, TOUCHES, Column, Stream, Type
from smalti.project import Prepared, parse_project, prepare
from smalti.project.limits import limits_of
from smalti.project.load import read_settings
from smalti.project.messages import messages_of
from smalti.project.treatments import PlanGround, treatments_of

STREAMS = {
    "orders": ORDERS,
    "touches": TOUCHES,
    "events": Stream("events", (Column("name", Type.TEXT),)),
    "customers": Stream(
        CUSTOMERS.name,
        (
            Column("country", Type.TEXT),
            Column("email", Type.TEXT),
            Column("mobile", Type.TEXT),
            Column("agrees", Type.BOOLEAN),
            Column("birth", Type.INSTANT),
            Column("zone", Type.TEXT),
            Column("first_name", Type.TEXT),
            Column("paid_abroad", Type.MONEY, currency="USD"),
        ),
    ),
}
WHOLE = """
name: Shop
currency: GBP
time_zone: Europe/London
sources: {orders: {from: o.csv}, touches: {from: t.csv}, customers: {from: c.csv}, events: {from: e.csv}}
hold_out: {share: 5 %, treatments: {slip: 0.02, mail: 0.02}}
use: [rfm]
channels:
  email: {address: email, consent: agrees}
  sms: {address: mobile, consent: agrees}
  call: {address: mobile, basis: contract; checked by legal}
segments:
  going: {who: days_since_order > 60 and spend_365d > 100, why: good customers gone quiet}
experiments:
  spring: {arms: {none: 1, mail: 1}, control: none, outcome: purchase, within: 14 days}
scores:
  mail_effect: {effect: spring}
  will_buy: {predict: purchase, within: 90 days}
treatments:
  come_back:
    strategy: win_back
    channels: [email, sms]
    message: hello
    cost: 0.05
    who: country = 'GB'
    steps:
      - {after: 3 days, channel: sms, if: not opened, message: short}
      - {after: 7 days, channel: call, if: not ordered, cost: 2, reach: 30 %}
    stop: ordered
    again: 90 days
    from: 2026-03-01
    until: 2026-09-01
  birthday:
    strategy: reward
    channels: email
    message: hello
    purpose: service
    trigger: {anniversary: birth, before: 7 days, within: 2 days}
    redemption: {cost: 5, rate: 20 %}
  slip: {strategy: retain, channels: call, trigger: {enters: going, within: 3 days}, score: mail_effect, worth: 20}
  cart:
    strategy: develop
    channels: email
    trigger: {event: "any(events, last 1 hour, where name = 'Cart')", again: 30 days}
    headroom: spend_365d * 0.1
  due: {strategy: develop, channels: email, trigger: {predicted: next_order, before: 3 days}, effect: 0.1}
  soon: {strategy: develop, channels: email, trigger: {predicted: days_since_order, before: 12 hours}}
  spring: {strategy: retain, channels: email, on: 2026-04-01, fixed: 500}
  rest: {strategy: do_not_target, who: spend_365d < 1}
messages:
  hello:
    subject: Hello {{ first_name | default('you') }}
    offer: 5 pounds off
    body: |
      Dear {{ first_name | default('customer') }},
      {{ offer }} for you, who spent {{ spend_365d | money }}.
    variants:
      - {segment: going, subject: We miss you}
      - {segment: at_risk, body: "{{ offer }} in {{ country }}"}
  short: We miss you
limits:
  budget: {amount: 500, treatments: come_back}
  quiet: {from: 21:00, until: 8:00, days: sunday, zone: zone}
  exclusive: [come_back, slip]
  bundles: [[slip, cart]]
  frequency: [{most: 2, within: 7 days, purpose: win_back}, {most: 1, within: 1 day, channel: sms}]
  channels: {call: 40, email: {per_day: 1000, in_all: 5000}}
  suppress: country = 'FR'
  numbers: [{strategy: develop, most: 50}, {segment: going, least: 5}]
  fairness: {by: country, least: 5 %}
  explore: 5 %
  keep: 0.10
"""
"""All there is to say of a plan, and nothing wrong with it."""


def _written() -> dict:
    return read_settings(WHOLE, "smalti.yml", "project", "settings")[0]


def changed(section: str, **settings: object) -> str:
    """Give the project with other settings in a section; None leaves one out."""
    data = _written()
    part = {name: one for name, one in (data[section] | settings).items() if one is not None}
    return yaml.safe_dump(data | {section: part}, sort_keys=False)


def with_treatment(name: str, **settings: object) -> str:
    """Give the project with other settings of one treatment; None leaves one out."""
    own = _written()["treatments"].get(name, {})
    own = {key: one for key, one in (own | settings).items() if one is not None}
    return changed("treatments", **{name: own})


def prepared(text: str = WHOLE, streams: dict[str, Stream] = STREAMS) -> Prepared:
    """Load a project and make it ready for the streams there are."""
    project, origin = parse_project(text, "smalti.yml")
    return prepare(project, streams, origin)


def problems(text: str, streams: dict[str, Stream] = STREAMS) -> list[str]:
    """Give what is wrong with a project, without lines; the test fails where nothing is."""
    try:
        prepared(text, streams)
    except DefinitionError as error:
        return [str(one).split(": ", 1)[1] if one.line else str(one) for one in error.problems]
    raise AssertionError("nothing is wrong with it")


@lru_cache(maxsize=1)
def _known() -> Prepared:
    return prepared()


def plan_problems(text: str) -> list[str]:
    """Give what is wrong with treatments, messages and limits where all the rest is that of the project above."""
    project, origin = parse_project(text, "smalti.yml")
    known = _known()
    names = [one.name for one in known.strategies], {one.name for one in known.segments}, tuple(known.segmentations)
    ground = PlanGround(project, known.words, *names, known.scores)
    found = [
        told
        for one in (treatments_of(ground), messages_of(ground, origin), limits_of(ground, origin))
        for told in one[1]
    ]
    return [
        str(problem.of(subject).at()).split(": ", 1)[-1] if problem.line else str(problem.of(subject))
        for problem, _, subject in found
    ]
