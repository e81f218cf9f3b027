"""Invented customers with a known truth: seeded, any size, the same bytes on every call.

- `invention`: `shop`, an invented shop as Arrow tables, with the truth about every customer beside it
- `contacts`: what it has sent its customers lately, when they opened it; where their clocks are
- `export`: the CSV files the company would export of it, clean or with known dirt
- `stream`: orders by the million for benchmarks, without a story
- `trials`: trials in which nothing, one arm for all, one per region or one per person is best, and who should get what
- `campaigns`: contacts whose worth depends on when they come, what they offer, which way and to whom; all of it known
- `personas`: the kinds of customers; one for every strategy of a playbook
- `lives`, `baskets`, `occasions`, `people`: what is drawn for a block of customers (`blocks`, `draws`); `seasons` is the
  clock they shop by
- `addresses`, `companies`: where they live, how they can be reached, for whom they buy
- `engagement`, `needs`, `tickets`: what they do beside buying, what they want and say, what they complain of
- `catalogue`, `columns`, `tables`: goods, and the way from arrays to tables

>>> shop(3).truth["customer_id"].to_pylist()
['C000001', 'C000002', 'C000003']
"""

from smalti.samples.campaigns import CAMPAIGN_KINDS, TRIGGERS, Campaign, Planted, campaign
from smalti.samples.contacts import contacts, with_clocks
from smalti.samples.export import Dirt, Export, write_shop
from smalti.samples.invention import Shop, shop
from smalti.samples.personas import NICHE, PERSONAS, Persona
from smalti.samples.stream import order_stream, write_orders_parquet
from smalti.samples.trials import TRIAL_KINDS, Trial, trial

__all__ = [
    "CAMPAIGN_KINDS",
    "NICHE",
    "PERSONAS",
    "TRIAL_KINDS",
    "TRIGGERS",
    "Campaign",
    "Dirt",
    "Export",
    "Persona",
    "Planted",
    "Shop",
    "Trial",
    "campaign",
    "contacts",
    "order_stream",
    "shop",
    "trial",
    "with_clocks",
    "write_orders_parquet",
    "write_shop",
]
