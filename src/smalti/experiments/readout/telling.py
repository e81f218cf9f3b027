"""Numbers of a metric as people read them: shares in per cent and points, amounts with their unit."""

from __future__ import annotations

from dataclasses import replace

from smalti.experiments.readout.metric import Metric


def value_in_words(value: float, metric: Metric) -> str:
    """Tell a value.

    >>> value_in_words(0.1062, Metric("visit", "visit", unit="share"))
    '10.6 %'
    >>> value_in_words(1234.5, Metric("spend", "spend", unit="GBP"))
    '1,234 GBP'
    """
    if metric.unit == "share":
        return f"{significant(100 * value)} %"
    return f"{significant(value)} {metric.unit}".rstrip()


def effect_in_words(effect: float, metric: Metric) -> str:
    """Tell an effect, with its sign.

    >>> effect_in_words(-0.0082, Metric("visit", "visit", unit="share"))
    '-0.82 points'
    >>> effect_in_words(0.7698, Metric("spend", "spend", unit="USD"))
    '+0.77 USD'
    """
    unit = "points" if metric.unit == "share" else metric.unit
    number = 100 * effect if metric.unit == "share" else effect
    return f"{'+' if number > 0 else ''}{significant(number)} {unit}".rstrip()


def interval_in_words(low: float, high: float, metric: Metric) -> str:
    """Tell the interval of an effect, its unit once.

    >>> interval_in_words(-0.2, 1.4, Metric("spend", "spend", unit="GBP"))
    '-0.2 to +1.40 GBP'
    """
    plain = replace(metric, unit="")
    scale = 100 if metric.unit == "share" else 1
    return f"{effect_in_words(scale * low, plain)} to {effect_in_words(high, metric)}"


def significant(number: float) -> str:
    """Tell a number with as many digits as matter: three, or two below 1.

    >>> [significant(one) for one in (0.0, 0.00418, 7.659, 18.28, 1234.5, float("inf"))]
    ['0', '0.0042', '7.66', '18.3', '1,234', 'inf']
    """
    size = abs(float(f"{number:.3g}"))
    if not 0 < size < float("inf"):
        return f"{number:g}"
    if size < 1:
        return f"{number:.2g}" if size >= 1e-4 else f"{number:.1e}"
    return f"{number:,.{2 if size < 10 else 1 if size < 100 else 0}f}"
