"""Invented customers with a known truth: seeded, any size, the same bytes on every call.

- `invention`: `shop`, an invented shop as Arrow tables, with the truth about every customer beside it
- `export`: the CSV files the company would export of it, clean or with known dirt
- `stream`: orders by the million for benchmarks, without a story
- `trials`: trials in which nothing, one arm for all, one per region or one per person is best, and who should get what
- `personas`: the kinds of customers; one for every strategy of a playbook
- `lives`, `baskets`, `occasions`, `people`: what is drawn for a block of customers (`blocks`, `draws`); `seasons` is the
  clock they shop by
- `addresses`, `companies`: where they live, how they can be reached, for whom they buy
- `engagement`, `needs`, `tickets`: what they do beside buying, what they want and say, what they complain of
- `catalogue`, `columns`, `tables`: goods, and the way from arrays to tables

>>> shop(3).truth["customer_id"].to_pylist()
['C000001', 'C000002', 'C000003']
"""

from smalti.samples.export import Dirt, Export, write_shop
from smalti.samples.invention import Shop, shop
from smalti.samples.personas import NICHE, PERSONAS, Persona
from smalti.samples.stream import order_stream, write_orders_parquet
from smalti.samples.trials import TRIAL_KINDS, Trial, trial

__all__ = [
    "NICHE",
    "PERSONAS",
    "TRIAL_KINDS",
    "Dirt",
    "Export",
    "Persona",
    "Shop",
    "Trial",
    "order_stream",
    "shop",
    "trial",
    "write_orders_parquet",
    "write_shop",
]
