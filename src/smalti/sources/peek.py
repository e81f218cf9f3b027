"""The streams that sources will become, from the head of their files: `peek`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from smalti.facts import CUSTOMERS, ORDERS, Currency, Stream
from smalti.sources.attributes import Attributes
from smalti.sources.definitions import SourceDefinition
from smalti.sources.files import find_files
from smalti.sources.guess import complete
from smalti.sources.load import check_names
from smalti.sources.orders import order_streams, own_stream
from smalti.sources.staging import Setting, look, time_zone_of
from smalti.sources.touches import standard_of
from smalti.store import Store


def peek(
    definitions: Mapping[str, SourceDefinition], *, currency: Currency, time_zone: str, home: Path | None = None
) -> dict[str, Stream]:
    """Give the streams that loading would put into the store, with the same columns and types.

    Files of orders and of streams of one's own are read at their heads only; files of attributes whole, since their types
    are judged by all of their rows.

    Args:
        definitions: By the source's name, as `load` takes them.
        currency: Of all money.
        time_zone: Of moments without an offset; an IANA name.
        home: The folder that relative file names start from; None takes the working folder.

    Raises:
        SourceError: A file cannot be read, or lacks a column that a definition names.
    """
    setting = Setting(currency, time_zone_of(time_zone), 2**62)
    streams: dict[str, Stream] = {}
    for name, given in definitions.items():
        definition = complete(given, name, home)
        check_names(name, definition)
        files = find_files(definition.files, home)
        if name == CUSTOMERS.name:
            with Store() as store:
                streams[name] = Attributes(definition, files, setting).write(store)
            continue
        money = name == ORDERS.name
        looked = look(definition, files, setting, money=money, standard=standard_of(name))
        made = order_streams(looked.schema.names, looked.kinds)
        streams |= made if money else {name: own_stream(name, looked.kinds)}
    return streams
