"""What a run found, written: the tables, the page, ``run.json``, published in one step."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from smalti.engine import tables
from smalti.engine.apart import segment_traits_table, set_apart
from smalti.engine.clock import Clock
from smalti.engine.experimenting import Weighing, proved_of, tables_of, told_of
from smalti.engine.foresight.behaviour import describe, to_floats
from smalti.engine.foresight.drift import Today, drift_of, notes_of, with_drift
from smalti.engine.foresight.modelled import told_by_name
from smalti.engine.foresight.products import kept_of
from smalti.engine.foresight.scores import stream_columns
from smalti.engine.foresight.since import Earlier
from smalti.engine.history import behind
from smalti.engine.personas import make_personas, personas_table
from smalti.engine.planning import Made
from smalti.engine.quality import Quality
from smalti.engine.reckoning import Facts, Reckoned
from smalti.engine.version import VERSION
from smalti.errors import RunError
from smalti.facts import CUSTOMERS, Currency, Instant, Type, format_instant
from smalti.project import Prepared, Project, Work
from smalti.report import page
from smalti.rules import Literal, Quantile, Words, sentence, write
from smalti.segments import membership
from smalti.store import RunFolder, RunWriter, list_runs
from smalti.strategy import PUBLISHED, placeholders, reasons, totals, why_not
from smalti.strategy.peers import Floats


@dataclass(frozen=True)
class Findings:
    """All that a run found, before it is told to anyone."""

    facts: Facts
    reckoned: Reckoned
    versions: dict[str, str]
    made_at: datetime
    guess: Sequence[str]
    quality: Quality | None = None
    earlier: Earlier = field(default_factory=Earlier)
    weighing: Weighing | None = None
    planned: Made | None = None

    @property
    def project(self) -> Project:
        """The project."""
        return self.facts.project

    @property
    def prepared(self) -> Prepared:
        """Its definitions, made ready."""
        return self.facts.prepared

    @property
    def at(self) -> Instant:
        """The as-of instant."""
        return self.reckoned.at

    @property
    def fitted(self) -> Mapping[Quantile, Any]:
        """The constants of all quantiles."""
        return self.reckoned.computed.fitted

    @property
    def currency(self) -> Currency:
        """The project's currency."""
        return self.facts.currency

    @property
    def words(self) -> Words:
        """How names and values are said."""
        return Words(self.currency, self.prepared.titles, self.prepared.types, self.fitted)


def check_home(home: Path) -> None:
    """Make sure, before anything is reckoned, that runs can be written to a folder.

    Raises:
        RunError: They cannot.
    """
    there = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise RunError(f"cannot write runs to {home}: '{there}' is not a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise RunError(f"cannot write runs to {home}: '{there}' cannot be written to")


def publish(findings: Findings, home: Path, clock: Clock, work: Work) -> RunFolder:
    """Write all tables and the page of a run and publish it.

    Args:
        findings: What was found.
        home: The folder of runs.
        clock: Times this step too.
        work: The step.
    """
    run_id = _run_id(findings)
    before = _previous(home, findings)
    with RunWriter(home, run_id) as writer:
        with clock.step(work):
            made = _tables(findings)
            info = _info(findings, made, before)
            info |= _drifted(findings, made, info)
            for name, table in made.items():
                writer.write_table(name, table)
            previous = {"membership": before.table("membership")} | behind(home, info, made) if before else None
        info["timings"] = clock.timings()
        writer.write_text("report.html", page(info, made, previous))
        return writer.publish(info)


def _drifted(findings: Findings, made: Mapping[str, pa.Table], info: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of each model what has drifted since earlier runs."""
    models, types, titles = info["models"], findings.prepared.types, findings.prepared.titles
    found = drift_of(findings.earlier, Today(made["customers"], models, types, titles, findings.currency, findings.at))
    return {"models": with_drift(models, found), "notes": [*info["notes"], *notes_of(found, models)]}


def _previous(home: Path, findings: Findings) -> RunFolder | None:
    """Give the latest run of the same project as of an earlier instant; one that is damaged is in nobody's way."""
    found: RunFolder | None = None
    for run in list_runs(home):
        try:
            earlier = run.info["project"] == findings.project.name and run.info["as_of_microseconds"] < findings.at
            if earlier and "membership" in run.tables:
                known = found.info["as_of_microseconds"] if found else run.info["as_of_microseconds"]
                found = run if run.info["as_of_microseconds"] >= known else found
        except (RunError, KeyError):
            continue
    return found


def _run_id(findings: Findings) -> str:
    prints = (
        "".join(one.sha256 for one in findings.facts.loaded.fingerprints) + repr(findings.project) + str(findings.at)
    )
    return f"{findings.made_at:%Y-%m-%dT%H-%M-%S.%fZ}-{sha256(prints.encode()).hexdigest()[:6]}"


def _tables(findings: Findings) -> dict[str, pa.Table]:
    currency, words, prepared = findings.currency, findings.words, findings.prepared
    names = [option.name for option in findings.reckoned.options]
    primary = pa.array(names).take(pa.array(findings.reckoned.found.primary))
    gains = np.stack([option.gain for option in findings.reckoned.options])
    scores = _scores(findings)
    chosen = {name: tables.published(one, prepared.types[name], currency) for name, one in scores.items()} | {
        "primary_strategy": primary,
        "secondary_strategy": pa.array(names).take(pa.array(findings.reckoned.found.secondary)),
        "primary_gain": tables.money(gains[findings.reckoned.found.primary, np.arange(gains.shape[1])], currency),
    }
    values = {name: findings.reckoned.values.columns[name] for name in PUBLISHED}
    members = {
        segment.name: np.asarray(findings.reckoned.answers[segment.name]) for segment in findings.reckoned.segments
    }
    compared = findings.reckoned.traits
    for name in ("p_alive", *tables.VALUES):
        compared = compared.append_column(name, pa.array(values[name], mask=np.isnan(values[name])))
    for name, column in scores.items():
        compared = compared.append_column(name, column)
    derived = {name for framework in prepared.frameworks for name in framework.traits}
    told = [trait.name for trait in prepared.traits if trait.name not in derived]
    told += ["p_alive", *tables.VALUES, *scores]
    strategies = _strategies(findings)
    aside = findings.facts.loaded.set_aside
    amount = tables.published(aside["amount"], Type.MONEY, currency)
    plan = (findings.reckoned.options, findings.reckoned.found)
    return {
        "customers": tables.customers_table(findings.reckoned.traits, prepared, values, chosen, currency),
        "membership": membership(findings.reckoned.answers, findings.reckoned.segments),
        "segments": tables.segments_table(findings.reckoned.segments, members, values, plan, words),
        **_characters(findings, compared, told, strategies),
        "strategies": strategies,
        "playbook": tables.playbook_table(
            findings.reckoned.options, findings.reckoned.found, _told(findings), currency
        ),
        "set_aside": aside.set_column(aside.column_names.index("amount"), "amount", amount),
        **_models(findings),
        **({"sensitivity": findings.reckoned.sensed.table} if findings.reckoned.sensed.table is not None else {}),
        **(tables_of(findings.weighing) if findings.weighing is not None else {}),
        **(findings.planned.tables if findings.planned is not None else {}),
    } | ({"quality": findings.quality.table()} if findings.quality is not None else {})


def _scores(findings: Findings) -> dict[str, pa.ChunkedArray]:
    """Give the columns of the project's scores, in working form."""
    foreseen = findings.reckoned.foreseen
    return {} if foreseen is None else {name: foreseen.columns[name] for name in foreseen.columns.column_names[1:]}


def _models(findings: Findings) -> dict[str, pa.Table]:
    """Give the tables of what is kept of models, and of what is bought next."""
    foreseen, bought = findings.reckoned.foreseen, findings.reckoned.bought
    found = kept_of(bought.kept())
    made: dict[str, pa.Table] = {}
    if bought.levels:
        table = bought.table(findings.reckoned.traits["customer_id"], findings.reckoned.values.margin)
        at = table.column_names.index("expected_margin")
        paid = tables.published(table["expected_margin"], Type.MONEY, findings.currency)
        made["next_products"] = table.set_column(at, "expected_margin", paid)
    if foreseen is not None:
        made |= {"score_drivers": foreseen.drivers, "model_inputs": foreseen.inputs}
        found = pa.concat_tables([foreseen.models, found]).combine_chunks()
    return ({"models": found} if found.num_rows or foreseen is not None else {}) | made


def _characters(
    findings: Findings, compared: pa.Table, told: Sequence[str], strategies: pa.Table
) -> dict[str, pa.Table]:
    """Tell what sets each segment apart, and make its persona."""
    reckoned, prepared, words = findings.reckoned, findings.prepared, findings.words
    members = [np.asarray(reckoned.answers[segment.name]) for segment in reckoned.segments]
    apart = set_apart(reckoned.segments, members, compared, told, words, prepared.traits, findings.project.seed)
    found = make_personas(reckoned, apart, members, prepared.traits)
    first = strategies["reason"].take(pa.array(np.arange(0, strategies.num_rows, 2))).combine_chunks()
    return {
        "segment_traits": segment_traits_table(reckoned.segments, apart, words),
        "personas": personas_table(found, reckoned, apart, words, first),
    }


def _strategies(findings: Findings) -> pa.Table:
    columns, kinds = _reason_columns(findings)
    currency, options, found = findings.currency, findings.reckoned.options, findings.reckoned.found
    texts = {
        "reason": (
            reasons(options, found.primary, columns, kinds, currency),
            reasons(options, found.secondary, columns, kinds, currency),
        ),
        "why_not": why_not(options, found, currency),
    }
    return tables.strategies_table(findings.reckoned.traits["customer_id"], options, found, texts, currency)


def _reason_columns(findings: Findings) -> tuple[dict[str, Floats], dict[str, Type]]:
    names = {name for option in findings.reckoned.options for name in placeholders(option.definition.because)}
    values = findings.reckoned.values.columns
    scores = _scores(findings)
    columns = {
        name: values[name]
        if name in values
        else to_floats(scores[name] if name in scores else findings.reckoned.traits[name])
        for name in sorted(names)
    }
    return columns, {name: findings.prepared.types[name] for name in columns}


def _told(findings: Findings) -> dict[str, tuple[str, str]]:
    words = findings.words
    everyone = Literal(True, Type.BOOLEAN)
    return {
        one.name: (
            "everyone" if one.eligible == everyone else sentence(one.eligible, words),
            sentence(one.headroom, words),
        )
        for one in findings.prepared.strategies
    }


def _info(findings: Findings, made: Mapping[str, pa.Table], previous: RunFolder | None) -> dict[str, Any]:
    project, currency, words = findings.project, findings.currency, findings.words
    values = findings.reckoned.values.columns
    _, gain = totals(findings.reckoned.options, findings.reckoned.found.primary)
    return {
        "smalti": VERSION,
        "versions": findings.versions,
        "project": project.name,
        "currency": project.currency,
        "time_zone": project.time_zone,
        "as_of": format_instant(findings.at),
        "as_of_microseconds": findings.at,
        "made_at": findings.made_at.isoformat(timespec="seconds"),
        "seed": project.seed,
        "horizon": project.assumptions.horizon,
        "customers": findings.reckoned.traits.num_rows,
        "totals": {name: int(np.nansum(values[name])) for name in tables.VALUES}
        | {"gain": gain.gain, "gain_low": gain.low, "gain_high": gain.high},
        "inputs": [
            {"file": one.name, "bytes": one.bytes, "sha256": one.sha256} for one in findings.facts.loaded.fingerprints
        ],
        "guess": list(findings.guess),
        "account": findings.facts.account,
        "notes": [
            *findings.facts.loaded.notes,
            *findings.facts.remarks,
            *findings.prepared.notes,
            *findings.reckoned.notes,
            *(findings.reckoned.foreseen.notes if findings.reckoned.foreseen is not None else ()),
            *(findings.weighing.beliefs if findings.weighing is not None else ()),
            *(findings.planned.plan.notes if findings.planned is not None else ()),
        ],
        "assumptions": project.assumptions.listed(currency, findings.reckoned.average_order),
        "models": describe(findings.reckoned.models)
        | told_by_name(findings.reckoned.sensed.modelled)
        | told_by_name(findings.reckoned.bought.modelled())
        | told_by_name(findings.reckoned.foreseen.modelled if findings.reckoned.foreseen is not None else ()),
        "fitted": [
            {
                "quantile": sentence(one, Words(currency, words.titles, words.types)),
                "key": write(one),
                "raw": value,
                "value": words.value(value, _kind_of(one, words)),
            }
            for one, value in findings.fitted.items()
        ],
        "types": dict(findings.prepared.types),
        "streams": stream_columns(findings.facts.loaded.streams),
        "attributes": list(findings.facts.loaded.streams.get(CUSTOMERS.name, CUSTOMERS).names),
        "titles": dict(findings.prepared.titles),
        "segmentations": _segmentations(findings),
        "quality": findings.quality.info() if findings.quality is not None else None,
        **_experiments(findings),
        **({"plan": findings.planned.info} if findings.planned is not None else {}),
        "definitions": project.model_dump(mode="json"),
        "tables": {name: table.num_rows for name, table in made.items()},
        "previous": previous.id if previous else None,
        "previous_as_of": previous.info["as_of"] if previous else None,
    }


def _experiments(findings: Findings) -> dict[str, Any]:
    """Tell of the project's experiments; nothing where it has none."""
    tried = findings.weighing
    return {"experiments": told_of(tried), "evidence": proved_of(tried)} if tried is not None and tried.found else {}


def _segmentations(findings: Findings) -> list[dict[str, Any]]:
    exclusive = findings.reckoned.exclusive
    return [
        {
            "name": name,
            "title": one.called(name),
            "about": one.about,
            "kind": one.kind,
            "way": one.way,
            "exclusive": exclusive.get(name, True) if one.exclusive is None else one.exclusive,
        }
        for name, one in findings.prepared.segmentations.items()
    ]


def _kind_of(quantile: Quantile, words: Words) -> Type | None:
    name = getattr(quantile.of, "name", None)
    return words.types.get(name) if name is not None else None
