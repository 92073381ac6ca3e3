"""Explicitness is an area under the curve, whatever the codes' scale."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from disbench.metrics.estimators import Logistic
from disbench.metrics.explicitness import areas_under_curve, explicitness
from disbench.metrics.protocols import PROTOCOLS
from disbench.metrics.table import CodeTable

PROTOCOL = PROTOCOLS["explicitness/ridgeway2018"]


@pytest.mark.parametrize(("codes", "expected"), [("factors and dead", 0.98), ("noise", 0.5)])
def test_canonical_codes(
    canonical: Callable[[str], CodeTable], rng: np.random.Generator, codes: str, expected: float
) -> None:
    assert PROTOCOL.score(canonical(codes), rng=rng).value == pytest.approx(expected, abs=0.01)


def test_constant_codes_have_chance_exactly(
    coarse: Callable[[str], CodeTable], rng: np.random.Generator
) -> None:
    assert PROTOCOL.score(coarse("zeros"), rng=rng).value == 1 / 2


def test_areas_agree_with_scikit_learn(rng: np.random.Generator) -> None:
    labels = rng.integers(4, size=500)
    scores = rng.dirichlet(np.ones(4), size=500).round(1)  # with ties
    scores[:, 3] += 0.3 * (labels == 3)
    expected = [roc_auc_score(labels == value, scores[:, value]) for value in range(4)]
    np.testing.assert_allclose(areas_under_curve(scores, labels, np.arange(4)), expected)


def test_a_class_without_rivals_or_members_has_no_area() -> None:
    areas = areas_under_curve(np.ones((3, 2)), np.array([1, 1, 1]), np.arange(2))
    assert np.isnan(areas).all()


def test_scale_and_constants_do_not_matter(
    coarse: Callable[[str], CodeTable],
) -> None:
    table = coarse("rotated")
    moved = np.hstack([table.codes[:, :5] * 8 - 3, np.full((table.n, 1), 0.1, np.float32)])
    values = [
        explicitness(
            CodeTable(codes, table.factors[:, :2], table.factor_names[:2]),
            rng=np.random.default_rng(1),
            n_train=1_000,
            n_test=500,
            classifier=Logistic(inverse_penalty=1.0, balanced=False, max_iterations=1_000),
        ).value
        for codes in (table.codes[:, :5], moved)
    ]
    assert values[0] == pytest.approx(values[1], abs=1e-4)
