"""The demonstration: an invented shop with its project, run as of three months ago and as of its last day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from smalti.engine.batch import run_project
from smalti.engine.options import Options
from smalti.engine.run import Run
from smalti.errors import RunError
from smalti.project import FILE_NAME, Work, load_project
from smalti.samples import shop, write_shop

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
    write_shop(shop(customers, seed=seed), folder, with_dirt=True)
    file.write_text(_PROJECT, encoding="utf-8")
    project, origin = load_project(folder)
    for as_of in (_EARLIER, _LAST):
        made = run_project(project, Options(home=folder, as_of=as_of), origin=origin, progress=progress)
    return made
