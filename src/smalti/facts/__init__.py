"""What happened to customers, and the units it is told in.

- `instants`: points in time and lengths of time, in whole microseconds; `lengths`: lengths of time as settings have them
- `calendar`: days, weeks, months, quarters and years of instants in a time zone; ages and anniversaries
- `money`: fixed-point money in a currency's minor unit
- `streams`: named tables of facts with typed columns, and the types themselves
- `keys`: customer ids as text
- `draws`: a number in [0, 1) for each customer and salt, the same everywhere and always

Everything else in smalti is built from these; nothing here computes on data at scale.
"""

from smalti.facts.calendar import (
    COUNTS,
    PARTS,
    UNITS,
    calendar_days_since,
    civil,
    days_from_civil,
    days_to_anniversary,
    local_day,
    next_start,
    offsets,
    start_of,
    today,
    years_since,
)
from smalti.facts.draws import SHARES, draw_of
from smalti.facts.instants import (
    DAY,
    FOREVER_AGO,
    HOUR,
    LAST_INSTANT,
    LONGEST,
    MICROSECOND,
    MINUTE,
    SECOND,
    WEEK,
    YEAR,
    Instant,
    Microseconds,
    dated,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
    to_datetime,
)
from smalti.facts.keys import customer_key
from smalti.facts.lengths import length_of_time
from smalti.facts.money import Currency, format_minor, from_minor, to_minor
from smalti.facts.streams import (
    CUSTOMERS,
    ORDER_ITEMS,
    ORDERS,
    RETURNS,
    STANDARD_STREAMS,
    TOUCHES,
    Column,
    Stream,
    Type,
    arrow_type,
)

__all__ = [
    "COUNTS",
    "CUSTOMERS",
    "DAY",
    "FOREVER_AGO",
    "HOUR",
    "LAST_INSTANT",
    "LONGEST",
    "MICROSECOND",
    "MINUTE",
    "ORDERS",
    "ORDER_ITEMS",
    "PARTS",
    "RETURNS",
    "SECOND",
    "SHARES",
    "STANDARD_STREAMS",
    "TOUCHES",
    "UNITS",
    "WEEK",
    "YEAR",
    "Column",
    "Currency",
    "Instant",
    "Microseconds",
    "Stream",
    "Type",
    "arrow_type",
    "calendar_days_since",
    "civil",
    "customer_key",
    "dated",
    "days_from_civil",
    "days_to_anniversary",
    "draw_of",
    "format_duration",
    "format_instant",
    "format_minor",
    "from_minor",
    "length_of_time",
    "local_day",
    "next_start",
    "offsets",
    "parse_duration",
    "parse_instant",
    "start_of",
    "to_datetime",
    "to_minor",
    "today",
    "years_since",
]
