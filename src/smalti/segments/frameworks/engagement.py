"""How lively each customer's dealings are beside buying: visits, opens, use, and how much of what there is she uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, model_validator

from smalti.facts import Type
from smalti.rules import write_name
from smalti.segments.frameworks.framework import Framework, Given, Row, Settings, plain, quoted, segments_of
from smalti.segments.frameworks.minimum import Minimum

Text = Annotated[str, Field(min_length=1)]


class EngagementSettings(Settings):
    """Settings of the engagement levels."""

    window_days: int = Field(90, ge=1, le=3650, description="Days looked back upon.")
    streams: tuple[Text, ...] = Field(
        ("events",), description="Streams in which each fact is something the customer did herself, such as a visit."
    )
    touches: Text = Field("touches", description="The stream of messages sent to her; what she opened of them counts.")
    visits: tuple[Text, ...] = Field(
        (), description="Names of events that are visits; with none named at all, every event counts."
    )
    uses: tuple[Text, ...] = Field((), description="Names of events that are use of the product.")
    opens: tuple[Text, ...] = Field((), description="Names of events that are opens of messages.")
    features: tuple[Text, ...] = Field(
        (), description="Names of events of which each is one feature of the product used."
    )
    outcomes: tuple[Text, ...] = Field(
        ("opened", "clicked", "replied"),
        description="Outcomes of touches that count as opened, where no instant tells it.",
    )
    pause_minutes: int = Field(
        30, ge=1, le=10080, description="Minutes without a fact after which another visit begins."
    )
    medium: float = Field(0.33, gt=0, lt=1, description="Share of those engaged that is below medium, 0 to 1.")
    high: float = Field(0.67, gt=0, lt=1, description="Share of those engaged that is below high, 0 to 1.")

    @model_validator(mode="after")
    def _one_below_the_other(self) -> EngagementSettings:
        if self.medium >= self.high:
            found = f"medium {plain(self.medium)}, high {plain(self.high)}"
            raise ValueError(f"shares in the wrong order: found {found}, wanted medium below high")
        return self


def engagement(settings: EngagementSettings, given: Given) -> Framework:
    """Tell high, medium, low, dormant and never engaged apart.

    What counts: days with an event where the stream has a column ``day`` of whole numbers, else visits - events that no other
    of their kind precedes within half an hour - and messages opened, in the last 90 days. High, medium and low are thirds of
    those with any; equal counts are always in the same third. An instant ``opened_at`` after the as-of instant has not happened
    yet; an ``outcome`` carries no instant of its own, so prefer the former.

    At least 60 customers, twenty to a third, and as many days of history as are looked back upon.
    """
    days = settings.window_days
    parts: dict[str, list[tuple[str, str]]] = {}
    for kind, count, ever in _parts(settings, given):
        parts.setdefault(kind, []).append((count, ever))
    traits = {f"engagement_{kind}": " + ".join(count for count, _ in found) for kind, found in parts.items()}
    titles = {name: f"{_TITLES[name]} in the last {days} days" for name in traits}
    evers = [ever for found in parts.values() for _, ever in found]
    traits |= {"engagement_times": " + ".join(traits), "engagement_ever": " or ".join(dict.fromkeys(evers))}
    traits["engagement_level"] = (
        f"case when engagement_times > {_quantile(settings.high)} then 3 "
        f"when engagement_times > {_quantile(settings.medium)} then 2 when engagement_times > 0 then 1 else 0 end"
    )
    titles |= {
        "engagement_times": f"times engaged in the last {days} days",
        "engagement_ever": "ever engaged",
        "engagement_level": "engagement level",
    }
    features = _features(settings, given)
    if features:
        traits["engagement_features"] = features
        titles["engagement_features"] = f"share of the features used in the last {days} days"
    return Framework(
        name="engagement",
        about="How lively each customer's visits, opens and use are",
        kind="engagement",
        needs=(),
        traits=traits if parts else {},
        segments=segments_of("engagement", "engagement", _levels(days)),
        titles=titles if parts else {},
        minimum=Minimum(customers=60, history_days=days, because="twenty customers to a third"),
        lacking=""
        if parts
        else f"a stream of {' or '.join([*settings.streams, settings.touches])} that tells what she did",
    )


_TITLES = {
    "engagement_visits": "visits",
    "engagement_uses": "times of use",
    "engagement_opens": "messages opened",
}


def _levels(days: int) -> list[Row]:
    lately = f"in the last {days} days"
    return [
        Row("engagement_high", "engagement_level = 3", f"the liveliest third {lately}", "Highly engaged"),
        Row("engagement_medium", "engagement_level = 2", f"the middle third {lately}", "Engaged"),
        Row("engagement_low", "engagement_level = 1", f"the least lively third {lately}", "Hardly engaged"),
        Row("engagement_dormant", "engagement_level = 0 and engagement_ever", f"engaged once, not {lately}", "Dormant"),
        Row(
            "engagement_never", "engagement_level = 0 and not engagement_ever", "never engaged at all", "Never engaged"
        ),
    ]


def _quantile(share: float) -> str:
    return f"quantile(engagement_times, {plain(share)}, where engagement_times > 0)"


def _parts(settings: EngagementSettings, given: Given) -> Iterator[tuple[str, str, str]]:
    """Give what counts: its kind, how often it was in the window, whether it ever was."""
    named = {"visits": settings.visits, "uses": settings.uses, "opens": settings.opens}
    for stream in settings.streams:
        if stream not in given.streams:
            continue
        if not any(named.values()):
            yield "visits", _occasions(stream, "", settings, given), f"any({write_name(stream)})"
        elif given.column(stream, "name") is Type.TEXT:
            for kind, names in named.items():
                if names:
                    condition = _among("name", names)
                    yield (
                        kind,
                        _occasions(stream, condition, settings, given),
                        f"any({write_name(stream)}, where {condition})",
                    )
    opened = _opened(settings, given)
    if opened:
        touches = write_name(settings.touches)
        yield (
            "opens",
            f"count({touches}, last {settings.window_days} days, where {opened})",
            f"any({touches}, where {opened})",
        )


def _occasions(stream: str, condition: str, settings: EngagementSettings, given: Given) -> str:
    """Write how many days or, where no column tells the day, visits there were."""
    name, window = write_name(stream), f"last {settings.window_days} days"
    if given.column(stream, "day") is Type.INTEGER:
        return f"distinct({name}.day, {window}{', where ' + condition if condition else ''})"
    pause = f"within {settings.pause_minutes} minutes"
    before = f"not preceded_by({name}, {pause}{', where ' + condition if condition else ''})"
    return f"distinct({name}.at, {window}, where {condition + ' and ' if condition else ''}{before})"


def _opened(settings: EngagementSettings, given: Given) -> str:
    """Write of a touch that it was opened; empty where nothing tells it."""
    stream = settings.touches
    if given.column(stream, "opened_at") is Type.INSTANT:
        return "opened_at <= now"
    if given.column(stream, "outcome") is Type.TEXT and settings.outcomes:
        return _among("outcome", settings.outcomes)
    if given.column(stream, "name") is Type.TEXT and settings.opens:
        return _among("name", settings.opens)
    return ""


def _features(settings: EngagementSettings, given: Given) -> str:
    """Write the share of the features that were used; empty where none are named."""
    streams = [one for one in settings.streams if given.column(one, "name") is Type.TEXT]
    if not settings.features or not streams:
        return ""
    window, among = f"last {settings.window_days} days", _among("name", settings.features)
    return f"distinct({write_name(streams[0])}.name, {window}, where {among}) / {len(set(settings.features))}"


def _among(column: str, names: Sequence[str]) -> str:
    return f"{column} in ({', '.join(quoted(name) for name in names)})"
