"""What is printed of the past: segments run by run, who went where, and one customer's spells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from rich.markup import escape
from rich.table import Table

from smalti.cli.finish import print_json
from smalti.cli.show import out
from smalti.engine import History
from smalti.facts import format_instant, to_datetime

_RUNS_SHOWN = 8
_MOVES_SHOWN = 8
_ENDS = {"none": "(in none)", "new customer": "(new customer)", "vanished": "(vanished)"}
_LEFT = {"move": "left", "vanished": "vanished", "definition": "new definition"}
_ENTERED = {
    "already in": "in when first seen",
    "move": "entered",
    "new customer": "came",
    "definition": "new definition",
}
_DAY = timedelta(days=1)


def tell(history: History, segment: str | None, customer: str | None, *, as_json: bool) -> None:
    """Print what is asked: all segments, one of them, or one customer.

    Raises:
        RunError: No run knows the segment, or the customer.
    """
    if customer is not None:
        spells = history.of_customer(customer)
        print_json({"customer_id": customer, "spells": plain(spells)}) if as_json else _customer(
            history, customer, spells
        )
        return
    key = history.find(segment) if segment is not None else None
    if as_json:
        print_json(in_json(history, key))
    elif key is not None:
        _segment(history, key)
    else:
        _overview(history)


def in_json(history: History, key: tuple[str, str] | None) -> dict[str, Any]:
    """Give the history for a machine: runs, changes, half-lives and flows, of all segments or of one.

    Instants are ISO 8601 in UTC, durations are days.
    """
    changes, flows, half_lives = history.changes, history.flows, history.half_lives
    if key is not None:
        changes, half_lives = (_of(table, key) for table in (changes, half_lives))
        flows = _touching(flows, key)
    return {
        "project": history.project,
        "runs": [{"run": run.run, "as_of": format_instant(run.at)} for run in history.runs],
        "changes": plain(changes),
        "half_lives": plain(half_lives),
        "flows": plain(flows),
        "passed_over": [*history.passed_over, *history.damaged],
    }


def plain(table: pa.Table) -> list[dict[str, Any]]:
    """Give rows for a machine: instants in ISO 8601, durations in days.

    >>> plain(pa.table({"low": pa.array([36 * 3_600_000_000], pa.duration("us"))}))
    [{'low': 1.5}]
    """
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()]


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value / _DAY
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _overview(history: History) -> None:
    """Print each segment with its size in the latest runs, who came and went since the last, and its half-life."""
    _head(history)
    rows = {(row["run"], _key(row)): row for row in history.changes.to_pylist()}
    stays = {_key(row): row for row in history.half_lives.to_pylist()}
    names = max((len(key[1]) for key in history.segments), default=0)
    shown = history.runs[-max(2, min(_RUNS_SHOWN, (out.width - names - 29) // 12)) :]
    marked = False
    for segmentation in dict.fromkeys(key[0] for key in history.segments):
        table = _table()
        table.add_column(escape(segmentation), no_wrap=True, min_width=min(names + 1, 30))
        for heading in (*(_day(history, run.at) for run in shown), "entered", "left", "half-life"):
            table.add_column(heading, justify="right", no_wrap=True)
        for key in (key for key in history.segments if key[0] == segmentation):
            mine = [rows.get((run.run, key)) for run in shown]
            last = mine[-1]
            moved = [_number(last["entered"]), _number(last["left"])] if last else ["", ""]
            new = bool(last and last["redefined"])
            marked |= new
            sizes = [_number(row["size"]) if row else "" for row in mine]
            table.add_row(escape(key[1]) + ("*" if new else ""), *sizes, *moved, _half_life(stays.get(key)))
        out.print(table)
        out.print()
    if marked:
        out.print(
            "* defined otherwise than in the run before: the definition, not customers, may have moved these",
            soft_wrap=True,
        )
    _foot(history)


def _segment(history: History, key: tuple[str, str]) -> None:
    """Print one segment run by run, and where its members came from and went to between the last two runs."""
    _head(history)
    out.print(f"[bold]{escape(history.segments[key] or key[1])}[/] ({escape('.'.join(key))})\n", soft_wrap=True)
    table = _table("as of")
    for heading in ("size", "entered", "left", "stayed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    rows = _of(history.changes, key).to_pylist()
    for row in rows:
        share = f"{row['stayed'] / row['before']:.0%}".replace("%", " %") if row["before"] else ""
        numbers = [_number(row[name]) for name in ("size", "entered", "left")]
        table.add_row(_day(history, row["as_of"]), *numbers, share, "new definition" if row["redefined"] else "")
    out.print(table)
    (stay,) = _of(history.half_lives, key).to_pylist() or [None]
    out.print(f"\nhalf-life of membership: {_half_life(stay) or 'not known yet'}", soft_wrap=True)
    flows = _touching(history.flows, key).to_pylist()
    if flows:
        latest = [row for row in flows if row["run"] == flows[-1]["run"]]
        _moves(history, "came from", [row for row in latest if row["target"] == key[1] != row["origin"]], "origin")
        _moves(history, "went to", [row for row in latest if row["origin"] == key[1] != row["target"]], "target")
    elif len(rows) > 1:
        out.print(
            "\nits segmentation is not exclusive, so there are no flows from one segment to another", soft_wrap=True
        )
    _foot(history)


def _customer(history: History, customer_id: str, spells: pa.Table) -> None:
    """Print one customer's spells, first entered first."""
    _head(history)
    out.print(f"[bold]{escape(customer_id)}[/]", soft_wrap=True)
    table = _table("segment", "from", "to")
    for row in spells.to_pylist():
        start = f"{_day(history, row['entered_at'])} {_ENTERED[row['entered_by']]}"
        end = _lasting(history, row)
        if row["left_at"]:
            end = f"{_day(history, row['left_at'])} {_LEFT[row['left_by']]}"
        table.add_row(escape(f"{row['segmentation']}.{row['segment']}"), start, end)
    out.print(table if spells.num_rows else "  in no segment in any run")
    _foot(history)


def _half_life(row: Mapping[str, Any] | None) -> str:
    """Write a half-life in days, or the time after which more than half were still in."""
    if row is None or not row["spells"]:
        return ""
    if row["half_life"] is None:
        return f"> {row['watched'] / _DAY:,.0f} d"
    return f"{row['half_life'] / _DAY:,.0f} d"


def _lasting(history: History, row: Mapping[str, Any]) -> str:
    if row["last_seen_at"] == to_datetime(history.runs[-1].at):
        return "still in"
    return f"last seen {_day(history, row['last_seen_at'])}"


def _head(history: History) -> None:
    runs = history.runs
    first, last = (_day(history, run.at) for run in (runs[0], runs[-1]))
    told = f"{len(runs):,} runs, as of {first} to {last}" if len(runs) > 1 else f"1 run, as of {first}"
    out.print(f"\n[bold]{escape(history.project)}[/]: {told}\n", soft_wrap=True)


def _foot(history: History) -> None:
    if len(history.runs) < 2:
        out.print("There is only one run: who enters and leaves shows from the second one on.", soft_wrap=True)
        out.print("Make one as of another instant with: smalti run --as-of INSTANT", soft_wrap=True, markup=False)
    for sentence in (*history.passed_over, *history.damaged):
        out.print(f"[dim]note:[/] {escape(sentence)}", soft_wrap=True)


def _moves(history: History, title: str, rows: Sequence[Mapping[str, Any]], end: str) -> None:
    if not rows:
        return
    rows = sorted(rows, key=lambda row: (-row["customers"], row[end] or ""))
    out.print(f"\n{title}, {_day(history, rows[0]['since'])} to {_day(history, rows[0]['as_of'])}:")
    for row in rows[:_MOVES_SHOWN]:
        name = row[end] or _ENDS[row[f"{end}_is"]]
        mark = "  [dim](new definition)[/]" if row["redefined"] else ""
        out.print(f"  {_number(row['customers']):>9}  {escape(name)}{mark}", soft_wrap=True)
    if len(rows) > _MOVES_SHOWN:
        rest = sum(row["customers"] for row in rows[_MOVES_SHOWN:])
        out.print(f"  {_number(rest):>9}  [dim]others[/]")


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in heads:
        table.add_column(heading)
    return table


def _of(table: pa.Table, key: tuple[str, str]) -> pa.Table:
    return table.filter(pc.and_(pc.equal(table["segmentation"], key[0]), pc.equal(table["segment"], key[1])))


def _touching(flows: pa.Table, key: tuple[str, str]) -> pa.Table:
    ends = [pc.fill_null(pc.equal(flows[end], key[1]), False) for end in ("origin", "target")]
    return flows.filter(pc.and_(pc.equal(flows["segmentation"], key[0]), pc.or_(*ends)))


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["segmentation"], row["segment"]


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _day(history: History, moment: int | datetime) -> str:
    """Write the day of an instant in the project's time zone."""
    known = to_datetime(moment) if isinstance(moment, int) else moment
    return known.astimezone(ZoneInfo(history.time_zone)).date().isoformat()
