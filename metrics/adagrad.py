"""A linear softmax classifier trained with Adagrad, as the first disentanglement metric had it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from disbench.metrics.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class AdagradSoftmax:
    """A linear softmax classifier from zero weights, by `n_steps` of Adagrad on small batches.

    Higgins et al. 2017 trained theirs so; the rate of 0.01 is [from memory].

    `rate` is the learning rate, `accumulator` the initial sum of squared gradients. Batches are
    drawn with replacement.
    """

    rate: float
    accumulator: float
    batch_size: int
    n_steps: int

    def predictions(
        self, points: FloatArray, labels: IntArray, unseen: FloatArray, *, seed: int
    ) -> IntArray:
        """Return the labels of `unseen` points after learning those of `points`."""
        inputs, targets = _with_bias(points), np.eye(int(labels.max()) + 1)[labels]
        weights = np.zeros((inputs.shape[1], targets.shape[1]))
        squares = np.full_like(weights, self.accumulator)
        rows = np.random.default_rng(seed).integers(
            len(points), size=(self.n_steps, self.batch_size)
        )
        for batch in rows:
            error = softmax(inputs[batch] @ weights, axis=1) - targets[batch]
            gradient = inputs[batch].T @ error / self.batch_size
            squares += gradient**2
            weights -= self.rate * gradient / np.sqrt(squares)
        predicted: IntArray = (_with_bias(unseen) @ weights).argmax(axis=1)
        return predicted


def _with_bias(points: FloatArray) -> FloatArray:
    return np.hstack([points, np.ones((len(points), 1))])
