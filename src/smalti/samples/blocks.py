"""All blocks of customers of a shop, drawn one by one and put side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from smalti.samples.addresses import Addresses, addresses
from smalti.samples.baskets import Lines, Returns, channels, lines, main_category, returns
from smalti.samples.columns import Flags, Ints
from smalti.samples.companies import Work, work
from smalti.samples.draws import BLOCK
from smalti.samples.engagement import Events, Liveliness, events, liveliness
from smalti.samples.lives import Purchases, Traits, purchases, traits
from smalti.samples.needs import Survey, survey
from smalti.samples.occasions import occasions
from smalti.samples.people import People, people
from smalti.samples.tickets import Tickets, margins, tickets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from smalti.samples.personas import Persona
    from smalti.samples.seasons import Clock

_Arrays = TypeVar(
    "_Arrays", Traits, People, Addresses, Work, Liveliness, Survey, Purchases, Lines, Returns, Events, Tickets
)


class Drawn(NamedTuple):
    """Everything drawn about some customers; places refer to the arrays beside them.

    Attributes:
        who: True traits, by customer.
        people: What is known, by customer.
        bought: Purchases, by customer and time.
        channel: Place of the channel, by purchase.
        occasion: Place of the occasion, by purchase.
        sold: Lines, by purchase.
        sent_back: Returned lines.
        where: How each can be reached, by customer.
        works: For whom each buys, by customer.
        lively: How lively each is, by customer.
        asked: What each wants and says, by customer.
        complains: Who complains without end, by customer.
        did: Events, by customer and time.
        tickets: Tickets, by customer and time.
    """

    who: Traits
    people: People
    bought: Purchases
    channel: Ints
    occasion: Ints
    sold: Lines
    sent_back: Returns
    where: Addresses
    works: Work
    lively: Liveliness
    asked: Survey
    complains: Flags
    did: Events
    tickets: Tickets


def drawn(customers: int, personas: Sequence[Persona], clocks: Mapping[str, Clock], seed: int, end: int) -> Drawn:
    """Draw so many customers, and leave out the rest of the last block."""
    blocks = [_block(personas, clocks, seed, end, block) for block in range(-(-customers // BLOCK))]
    blocks[-1] = _first(blocks[-1], customers - BLOCK * (len(blocks) - 1))
    return _joined(blocks)


def _block(personas: Sequence[Persona], clocks: Mapping[str, Clock], seed: int, end: int, block: int) -> Drawn:
    who = traits(personas, clocks, seed, block)
    bought = purchases(who, personas, clocks, seed, block)
    sold = lines(who, bought, personas, seed, block)
    sent_back = returns(who, bought, sold, end, seed, block)
    known = people(who, personas, seed, block)
    lively = liveliness(who, personas, seed, block)
    complains, asked_for_help = tickets(bought, margins(bought, sold, sent_back), end, seed, block)
    gives = np.array([kind.gives for kind in personas])[who.persona].astype(np.int64)
    return Drawn(
        who=who,
        people=known,
        bought=bought,
        channel=channels(who, bought, seed, block),
        occasion=occasions(bought, gives, main_category(sold, len(bought.at)), seed, block),
        sold=sold,
        sent_back=sent_back,
        where=addresses(known, seed, block),
        works=work(who, personas, seed, block),
        lively=lively,
        asked=survey(who, bought, personas, end, (seed, block)),
        complains=complains,
        did=events(who, lively, known, personas, clocks, (seed, block)),
        tickets=asked_for_help,
    )


def _first(block: Drawn, customers: int) -> Drawn:
    """The first customers of a block: all arrays are in their order, so each is cut once."""
    orders = int(np.searchsorted(block.bought.customer, customers))
    items = int(np.searchsorted(block.sold.order, orders))
    back = int(np.searchsorted(block.sent_back.line, items))
    return Drawn(
        who=_cut(block.who, customers),
        people=_cut(block.people, customers),
        bought=_cut(block.bought, orders),
        channel=block.channel[:orders],
        occasion=block.occasion[:orders],
        sold=_cut(block.sold, items),
        sent_back=_cut(block.sent_back, back),
        where=_cut(block.where, customers),
        works=_cut(block.works, customers),
        lively=_cut(block.lively, customers),
        asked=_cut(block.asked, customers),
        complains=block.complains[:customers],
        did=_cut(block.did, int(np.searchsorted(block.did.customer, customers))),
        tickets=_cut(block.tickets, int(np.searchsorted(block.tickets.customer, customers))),
    )


def _cut(arrays: _Arrays, length: int) -> _Arrays:
    return _made(type(arrays), (array[:length] for array in arrays))


def _joined(blocks: Sequence[Drawn]) -> Drawn:
    customers, orders, items = (_offsets(sizes) for sizes in zip(*map(_sizes, blocks), strict=True))
    return Drawn(
        who=_side_by_side([block.who for block in blocks]),
        people=_side_by_side([block.people for block in blocks]),
        bought=_side_by_side(
            [b.bought._replace(customer=b.bought.customer + shift) for b, shift in zip(blocks, customers, strict=True)]
        ),
        channel=np.concatenate([block.channel for block in blocks]),
        occasion=np.concatenate([block.occasion for block in blocks]),
        sold=_side_by_side(
            [b.sold._replace(order=b.sold.order + shift) for b, shift in zip(blocks, orders, strict=True)]
        ),
        sent_back=_side_by_side(
            [b.sent_back._replace(line=b.sent_back.line + shift) for b, shift in zip(blocks, items, strict=True)]
        ),
        where=_side_by_side([block.where for block in blocks]),
        works=_side_by_side([block.works for block in blocks]),
        lively=_side_by_side([block.lively for block in blocks]),
        asked=_side_by_side([block.asked for block in blocks]),
        complains=np.concatenate([block.complains for block in blocks]),
        did=_side_by_side(
            [b.did._replace(customer=b.did.customer + shift) for b, shift in zip(blocks, customers, strict=True)]
        ),
        tickets=_side_by_side(
            [
                b.tickets._replace(customer=b.tickets.customer + shift)
                for b, shift in zip(blocks, customers, strict=True)
            ]
        ),
    )


def _sizes(block: Drawn) -> tuple[int, int, int]:
    return len(block.who.persona), len(block.bought.at), len(block.sold.order)


def _offsets(sizes: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(sizes)[:-1].tolist()]


def _side_by_side(parts: Iterable[_Arrays]) -> _Arrays:
    listed = list(parts)
    return _made(type(listed[0]), (np.concatenate(columns) for columns in zip(*listed, strict=True)))


def _made(kind: type[_Arrays], columns: Iterable[npt.NDArray[Any]]) -> _Arrays:
    return kind(*columns)
