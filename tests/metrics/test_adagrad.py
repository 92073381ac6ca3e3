"""The Adagrad classifier takes the steps that its formula says."""

import numpy as np

from disbench.metrics.adagrad import AdagradSoftmax


def _classifier(n_steps: int) -> AdagradSoftmax:
    return AdagradSoftmax(rate=0.01, accumulator=0.1, batch_size=10, n_steps=n_steps)


def test_without_steps_every_class_is_alike_and_the_first_is_named() -> None:
    predicted = _classifier(0).predictions(np.eye(3), np.arange(3), np.eye(3), seed=0)
    np.testing.assert_array_equal(predicted, [0, 0, 0])


def test_it_learns_the_least_of_several_inputs(rng: np.random.Generator) -> None:
    """The task of the beta-VAE metric: the shared factor's difference is the least."""
    points, labels = rng.uniform(0.5, 1, size=(500, 4)), rng.integers(4, size=500)
    points[np.arange(500), labels] = 0
    predicted = _classifier(2_000).predictions(points, labels, points, seed=0)
    assert np.mean(predicted == labels) == 1


def test_a_step_has_the_size_that_adagrad_gives_it() -> None:
    """One sample, two classes: the gradient is -1/2 and 1/2, divided by sqrt(0.1 + 1/4)."""
    classifier = AdagradSoftmax(rate=1.0, accumulator=0.1, batch_size=1, n_steps=1)
    points, labels = np.array([[1.0], [1.0]]), np.array([1, 1])
    step = 0.5 / np.sqrt(0.1 + 0.25)
    # The weights and the biases of class 1 are `step`, those of class 0 the negative: the sign of
    # the score changes at an input of -1.
    unseen = np.array([[-1 - 1e-6], [-1 + 1e-6]])
    assert step > 0
    np.testing.assert_array_equal(classifier.predictions(points, labels, unseen, seed=0), [0, 1])


def test_the_seed_decides_the_batches(rng: np.random.Generator) -> None:
    points, labels = rng.normal(size=(200, 3)), rng.integers(3, size=200)
    first, again, other = (
        _classifier(50).predictions(points, labels, points, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
