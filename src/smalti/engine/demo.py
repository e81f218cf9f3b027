"""The demonstration: an invented shop with its project, run as of three months ago and as of its last day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyarrow import csv

from smalti.engine.batch import run_project
from smalti.engine.options import Options
from smalti.engine.run import Run
from smalti.errors import RunError
from smalti.project import FILE_NAME, Work, load_project
from smalti.samples import contacts, shop, with_clocks, write_shop

_EARLIER, _LAST = "2026-03-31T23:59:59", "2026-06-30T23:59:59"

_PROJECT = """\
# An invented shop. Change what you like, then: smalti check, and smalti run.
name: Corner Shop
currency: GBP
time_zone: Europe/London

sources:
  orders:
    from: orders.csv
    customer: customer_id
    at: ordered_at
    columns:
      order_id: order_id
      revenue: amount
      product: product
      category: category
      channel: channel
      quantity: quantity
      discount: discount
      cost: cost
      occasion: occasion
  customers:
    from: customers.csv
    customer: customer_id
    at: signed_up_on
    places: {country: country, city: city, near: "London, GB"}
  events: {from: events.csv, customer: customer_id, at: at, id: event_id}
  answers: {from: answers.csv, customer: customer_id, at: at}
  tickets: {from: tickets.csv, customer: customer_id, at: at, id: ticket_id}
  touches: {from: touches.csv, customer: customer_id, at: at}

channels:
  email: {address: email, consent: email_consent}
  phone: {address: phone, consent: sms_consent}
  post: {address: postcode, consent: post_consent}

traits:
  orders_180d: count(orders, last 180 days)
  home_spend: sum(order_items.revenue, where category = 'Home')
  visits_90d: count(events, last 90 days, where name = 'visit')
  christmas_orders: count(orders, where occasion = 'christmas')
  wants_low_price: last(answers.wants_low_price)
  wants_fast_delivery: last(answers.wants_fast_delivery)
  wants_lasting_quality: last(answers.wants_lasting_quality)
  wants_gift_ideas: last(answers.wants_gift_ideas)

segments:
  slipping_away:
    who: spend_365d >= 300 and days_since_order > 90
    why: good customers gone quiet
    strategy: win_back
    channels: [email]
  phone_friends:
    who: favourite_channel = 'phone' and orders_180d >= 1
    why: order by phone, which costs most to serve
    strategy: migrate
    channels: [phone]
  nearby_in_town:
    who: urban and distance_km < 100
    why: live in a city from which London is a day trip
    channels: [post]
  gives_at_christmas:
    who: christmas_orders >= 1
    why: buy presents before Christmas
    channels: [email, post]
  decides_at_work:
    who: role in ('decision_maker', 'buyer')
    why: decide or buy for a company
    channels: [email, phone]
  looks_at_the_price:
    who: wants_low_price and not wants_lasting_quality
    why: said that the price decides
    channels: [email]

treatments:
  come_back:
    title: Come back
    why: an offer for those who have probably left, and a call where it is not even opened
    strategy: win_back
    channels: [email, post]
    message: come_back
    offer: a tenth off the next order
    cost: 0.05
    redemption: {cost: 3.00, rate: 3 %}
    steps:
      - {after: 3 days, channel: phone, if: not opened, message: call_back, cost: 1.50, reach: 60 %}
    stop: ordered
    again: 90 days
  stay_with_us:
    title: Stay with us
    why: good customers are asked before they leave
    strategy: retain
    channels: [email, phone]
    message: stay
    cost: 0.40
    again: 60 days
  second_order:
    title: A second order
    strategy: onboard
    channels: email
    message: welcome
    cost: 0.05
    again: 30 days
  discover:
    title: Something you have not tried
    strategy: cross_sell
    channels: [email, post]
    message: discover
    cost: 0.30
    again: 30 days
  birthday:
    title: Happy birthday
    strategy: develop
    channels: post
    message: birthday
    cost: 1.20
    trigger: {anniversary: birth_date, before: 3 days, within: 1 day, again: 300 days}
  thank_you:
    title: Thank you
    strategy: reward
    channels: post
    message: thanks
    cost: 2.00
    most: 60
    again: 180 days

messages:
  come_back:
    subject: We would like to see you again
    offer: a tenth off your next order
    body: |
      It is a while since you bought {{ favourite_category | default('something') | lower }} from us.
      Come back by the end of the month and take {{ offer }}.
    variants:
      - segment: looks_at_the_price
        name: price
        subject: A tenth off, because we would like to see you again
        offer: a tenth off all that you put into your next basket
  call_back: Ask whether something went wrong, and tell of a tenth off the next order.
  stay:
    subject: What can we do better?
    body: You have ordered {{ orders_total }} times. Thank you. Tell us what you miss, and we will see to it.
  welcome:
    subject: Welcome
    body: Thank you for your first order. Here is what others took next to {{ favourite_category | default('it') | lower }}.
  discover:
    subject: Something you have not tried
    body: Customers who like {{ favourite_category | default('what you like') | lower }} like these as well.
  birthday: Happy birthday from all of us! A small present waits for you in your next parcel.
  thanks: You are one of our best customers. With our thanks, a card, and a small present in your next parcel.

limits:
  period: 7 days
  budget:
    - 150
    - {amount: 6000, per: year}
  channels: {email: 150, phone: 12, post: {in_all: 80}}
  frequency:
    - {most: 3, within: 14 days}
    - {most: 1, within: 2 days, channel: email}
    - {most: 1, within: 30 days, channel: phone}
  quiet:
    - {from: "20:00", until: "8:00", zone: time_zone}
    - {days: sunday, channels: phone, zone: time_zone}
  suppress: value_to_come < 0
  numbers: {segment: nearby_in_town, most: 40}
  exclusive: [birthday, thank_you]
  explore: 2 %
  keep: 0.25

hold_out: 5 %

assumptions:
  cost_per_return: 4.50
  channel_costs: {web: 1.20, shop: 2.50, phone: 6.00}
  cost_per_contact: 0.08
"""


def make_demo(
    folder: Path, *, customers: int = 2000, seed: int = 7, progress: Callable[[Work], None] = lambda _: None
) -> Run:
    """Invent a shop in a folder and run the whole job on it.

    Args:
        folder: Made where it is missing; the files of an earlier demonstration are written over.
        customers: How many customers to invent.
        seed: Which shop.
        progress: Told each step as it begins.

    Returns:
        The run as of the shop's last day; one as of three months earlier lies beside it, so that flows can be seen.

    Raises:
        RunError: The folder holds a project that is not a demonstration.
    """
    file = folder / FILE_NAME
    if file.exists() and not file.read_text(encoding="utf-8").startswith("# An invented shop."):
        raise RunError(f"{folder} holds a project of your own; name another folder with --to")
    progress(Work("invent", f"a shop of {customers:,} customers, some dirty rows among its orders"))
    folder.mkdir(parents=True, exist_ok=True)
    invented = with_clocks(shop(customers, seed=seed))
    write_shop(invented, folder, with_dirt=True)
    csv.write_csv(contacts(invented), folder / "touches.csv")
    file.write_text(_PROJECT, encoding="utf-8")
    project, origin = load_project(folder)
    for as_of in (_EARLIER, _LAST):
        made = run_project(project, Options(home=folder, as_of=as_of), origin=origin, progress=progress)
    return made
