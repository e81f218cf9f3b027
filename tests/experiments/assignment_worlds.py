"""Experiments with everything there is, drawn at random, and some customers with their strata."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from smalti.experiments.assignment import Arm, Experiment, HoldOut, Layer, Stratum

shares = st.integers(1, 99).map(lambda one: one / 100)


@st.composite
def experiments(draw: DrawFn) -> Experiment:
    """Draw experiments with everything there is; weights people would write, and odd ones."""
    weights = draw(st.lists(st.one_of(st.integers(1, 10), st.floats(0.01, 3)), min_size=2, max_size=5))
    start, end = sorted(draw(st.lists(st.integers(0, 100), min_size=2, max_size=2, unique=True)))
    outs = [HoldOut(draw(shares) / 2, "away"), HoldOut(draw(shares) / 2, "away from b", "b")]
    outs.append(HoldOut(draw(shares), "away from others", "something else"))
    strata = []
    for name in draw(st.lists(st.sampled_from(["FR", "DE", "it's", ""]), unique=True, max_size=3)):
        cuts = draw(st.lists(st.integers(0, 100), min_size=len(weights) - 1, max_size=len(weights) - 1))
        strata.append(Stratum(name, tuple(one / 100 for one in sorted(cuts))))
    return Experiment(
        "the test",
        tuple(Arm(name, weight) for name, weight in zip("abcde", weights, strict=False)),
        salt=draw(st.sampled_from(["spring", "it's"])),
        ramp=draw(st.one_of(st.just(1.0), shares)),
        layer=draw(st.none() | st.just(Layer("the layer", start / 100, end / 100))),
        hold_outs=tuple(draw(st.lists(st.sampled_from(outs), unique=True))),
        strata=tuple(strata),
    )


SOME = [f"C{number}" for number in range(200)]
WHERE = [("FR", "DE", "it's", None, "", "ES")[number % 6] for number in range(200)]
