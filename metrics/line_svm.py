"""Linear support vector machines of one input, solved exactly."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from disbench.metrics.arrays import FloatArray, IntArray
from disbench.metrics.estimators import two_values

_MOST_STEPS = 100
_MOST_HALVINGS = 40


@dataclass(frozen=True)
class LineSupport:
    """One-against-rest machines w x + b: squared hinge loss, L2 penalty on both, classes balanced.

    The problem is that of scikit-learn's LinearSVC(C=inverse_penalty, class_weight="balanced"):
    (w^2 + b^2) / 2 + C times the weighted squared hinges, where the points of the machine's class
    weigh n / (classes * their number) and others 1; with two classes, either side weighs so.

    With one input, the points inside a margin are a run of the sorted ones, and their sums are
    differences of prefix sums: Newton's method reaches the optimum itself, in less time than a
    general solver takes to its tolerance.
    """

    inverse_penalty: float

    def predictions(self, points: FloatArray, labels: IntArray, unseen: FloatArray) -> IntArray:
        """Return the labels of (m,) `unseen` inputs after learning (n,) labels of (n,) points.

        Raises
        ------
        CodesError
            For labels of one value.
        """
        classes, members = np.unique(two_values(labels), return_inverse=True)
        balanced = len(points) / (len(classes) * np.bincount(members))
        others = balanced[::-1] if len(classes) == 2 else np.ones(len(classes))  # noqa: PLR2004
        machines = _minimise(
            _PrefixSums.of(points.astype(np.float64), members),
            self.inverse_penalty * balanced,
            self.inverse_penalty * others,
        )
        outputs = np.multiply.outer(unseen.astype(np.float64), machines[:, 0]) + machines[:, 1]
        named: IntArray = classes[outputs.argmax(axis=1)]
        return named


class _PrefixSums(NamedTuple):
    """Sums of 1, x and x^2 over the first of n sorted points, and over those of each class."""

    points: FloatArray  # (n,) sorted
    keys: IntArray  # (n,) class * n + place among the sorted, itself sorted
    of_all: FloatArray  # (n + 1, 3)
    of_class: FloatArray  # (n + 1, 3), one class after another
    n_classes: int

    @classmethod
    def of(cls, points: FloatArray, members: IntArray) -> Self:
        order = np.argsort(points, kind="stable")
        points, n = points[order], len(points)
        keys = np.sort(members[order] * n + np.arange(n))
        powers = np.stack([np.ones(n), points, points**2], axis=1)
        return cls(points, keys, _prefix(powers), _prefix(powers[keys % n]), int(members.max()) + 1)

    def inside(self, machines: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sums over points inside each machine's margin: its class's, the others'.

        Shapes: (classes, 2) slopes and intercepts -> (classes, 3) twice.
        """
        slope = np.where(machines[:, 0] == 0, 1e-200, machines[:, 0])
        rises = slope[:, None] > 0
        below, above, _, _ = self._split((1 - machines[:, 1]) / slope)
        own = np.where(rises, below, above)
        own_below, own_above, below, above = self._split((-1 - machines[:, 1]) / slope)
        return own, np.where(rises, above - own_above, below - own_below)

    def _split(self, threshold: FloatArray) -> tuple[FloatArray, ...]:
        """Return each class's sums below and above its threshold, then those of all points."""
        place = np.searchsorted(self.points, threshold)
        first = np.arange(self.n_classes) * len(self.points)
        start, middle, end = (
            self.of_class[np.searchsorted(self.keys, first + reach)]
            for reach in (0, place, len(self.points))
        )
        all_below = self.of_all[place]
        return middle - start, end - middle, all_below, self.of_all[-1] - all_below


def _prefix(powers: FloatArray) -> FloatArray:
    return np.vstack([np.zeros((1, 3)), powers.cumsum(axis=0)])


class _Quadratic(NamedTuple):
    """The objective where the same points stay inside: curvature, pull to the minimum, value."""

    curvature: FloatArray  # (classes, 2, 2)
    pull: FloatArray  # (classes, 2)
    value: FloatArray  # (classes,)


def _quadratic(
    sums: _PrefixSums, machines: FloatArray, own_weight: FloatArray, other_weight: FloatArray
) -> _Quadratic:
    own, other = sums.inside(machines)
    own, other = own * own_weight[:, None], other * other_weight[:, None]
    curvature = np.eye(2) + 2 * (own + other)[:, [[2, 1], [1, 0]]]
    pull = 2 * (own - other)[:, [1, 0]]
    bent = np.einsum("ci,cij,cj->c", machines, curvature, machines) / 2
    value = bent - (pull * machines).sum(axis=1) + own[:, 0] + other[:, 0]
    return _Quadratic(curvature, pull, value)


def _minimise(sums: _PrefixSums, own_weight: FloatArray, other_weight: FloatArray) -> FloatArray:
    """Return the slopes and intercepts of least objective: (classes, 2)."""
    machines = np.zeros((sums.n_classes, 2))
    for _ in range(_MOST_STEPS):
        here = _quadratic(sums, machines, own_weight, other_weight)
        target = np.linalg.solve(here.curvature, here.pull[:, :, None])[:, :, 0]
        step = target - machines
        if np.allclose(step, 0, rtol=0, atol=1e-9 * np.abs(target).max()):
            break
        for _ in range(_MOST_HALVINGS):
            there = _quadratic(sums, machines + step, own_weight, other_weight)
            worse = there.value > here.value * (1 + 1e-12)  # rounding is not worse
            if not worse.any():
                break
            step[worse] /= 2
        machines = machines + step
    return machines
