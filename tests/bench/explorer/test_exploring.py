"""An explorer holds what its run's weights say of the reference images."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from disbench.encoding import encode_rows
from disbench.errors import DamagedError, ExplorerError
from disbench.explorer import Explorer, ReferenceImages, explore, exploring
from disbench.explorer.exploring import slider_ranges
from disbench.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run

    MakeModel = Callable[[Run], Autoencoder]
    Write = Callable[[Autoencoder], RunFolder]


@pytest.fixture
def run(make_run: Callable[..., Run]) -> Run:
    return make_run()


@pytest.fixture
def model(run: Run, make_model: MakeModel) -> Autoencoder:
    return make_model(run)


@pytest.fixture
def explorer(run: Run, model: Autoencoder, folder_of: Write, images: ReferenceImages) -> Explorer:
    return explore(run, folder_of(model), images=images)


def _codes(model: Autoencoder, images: ReferenceImages) -> np.ndarray:
    pixels = torch.from_numpy(images.images.unpack(np.arange(480)))[:, None].float()
    with torch.no_grad():
        return model.encode(pixels).mean.numpy()


def test_codes_are_the_posterior_means_of_the_images(
    explorer: Explorer, model: Autoencoder, images: ReferenceImages
) -> None:
    expected = _codes(model, images)
    half_a_level = np.ptp(expected, axis=0) / 510
    assert (np.abs(explorer.codes.values() - expected) <= half_a_level + 1e-5).all()
    np.testing.assert_allclose(explorer.codes.high, expected.max(axis=0), atol=1e-5)


def test_the_start_is_the_code_of_a_large_heart_in_the_middle(
    explorer: Explorer, model: Autoencoder, images: ReferenceImages
) -> None:
    row = images.grid.index_of([[2, 5, 0, 16, 16]])
    np.testing.assert_allclose(explorer.start, _codes(model, images)[row[0]], atol=1e-5)


def test_images_are_encoded_on_one_thread(
    run: Run,
    model: Autoencoder,
    folder_of: Write,
    images: ReferenceImages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = []

    def spy(*args: Any, **kwargs: Any) -> Any:
        threads.append(torch.get_num_threads())
        return encode_rows(*args, **kwargs)

    monkeypatch.setattr(exploring, "encode_rows", spy)
    torch.set_num_threads(2)
    try:
        explore(run, folder_of(model), images=images)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert threads == [1]


def test_payload_is_json(explorer: Explorer) -> None:
    payload = json.loads(json.dumps(explorer.payload(), allow_nan=False))
    assert payload["label"] == "beta_vae, beta 4, seed 0"
    assert payload["latents"] == len(payload["start"]) == len(payload["ranges"]) == 3
    assert payload["labels"] == ["z0", "z1", "z2"]
    assert payload["order"] == [0, 1, 2]
    assert payload["prior"] is True
    assert payload["layers"][0] == {"kind": "linear", "inputs": 3, "outputs": 256}
    assert b64decode(payload["weights"]) == explorer.decoder.weights
    assert b64decode(payload["codes"]["levels"]) == explorer.codes.levels.tobytes()
    assert np.array_equal(np.float32(payload["start"]), explorer.start)


def test_labels_and_order_are_the_callers(explorer: Explorer) -> None:
    payload = explorer.payload(labels=["a", "b", "c"], order=np.array([2, 0, 1]))
    assert payload["labels"] == ["a", "b", "c"]
    assert json.dumps(payload["order"]) == "[2, 0, 1]"


@pytest.mark.parametrize("wrong", [{"labels": ["a", "b"]}, {"order": [0, 1]}, {"order": [0, 1, 1]}])
def test_each_dimension_has_its_place(explorer: Explorer, wrong: dict[str, list[object]]) -> None:
    with pytest.raises(ValueError, match="are not those of 3 dimensions"):
        explorer.payload(**wrong)


def test_an_autoencoder_has_no_prior(
    make_run: Callable[..., Run],
    make_model: MakeModel,
    folder_of: Write,
    images: ReferenceImages,
) -> None:
    run = make_run(objective="ae", hyperparameters={})
    model = make_model(run)
    explorer = explore(run, folder_of(model), images=images)
    assert explorer.payload()["prior"] is False
    expected = np.percentile(_codes(model, images), [0.5, 99.5], axis=0).T
    np.testing.assert_allclose(explorer.ranges, expected, atol=1e-4)


def test_a_range_leaves_out_half_a_percent_at_either_end() -> None:
    codes = np.arange(201, dtype=np.float32)[:, None]
    assert slider_ranges(codes, variational=False).tolist() == [[1, 199]]


def test_a_variational_range_reaches_two_deviations_of_the_prior() -> None:
    codes = np.stack([np.zeros(201), np.linspace(-3, 1, 201)], axis=1).astype(np.float32)
    ranges = slider_ranges(codes, variational=True)
    np.testing.assert_allclose(ranges, [[-2, 2], [-2.98, 2]], atol=1e-6)


def test_a_constant_dimension_has_a_range() -> None:
    codes = np.full((5, 1), 7, np.float32)
    assert slider_ranges(codes, variational=False).tolist() == [[6.5, 7.5]]


def test_a_run_without_weights_is_refused(
    run: Run, images: ReferenceImages, tmp_path: Path
) -> None:
    with pytest.raises(DamagedError, match=r"model\.safetensors is not what .* \(No such file"):
        explore(run, RunFolder(tmp_path), images=images)


def test_weights_that_are_garbage_are_refused(
    run: Run, images: ReferenceImages, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path)
    folder.weights.write_bytes(b"weights")
    with pytest.raises(ExplorerError, match="cannot read the weights of"):
        explore(run, folder, images=images)


def test_weights_of_another_run_are_refused(
    make_run: Callable[..., Run], model: Autoencoder, folder_of: Write, images: ReferenceImages
) -> None:
    with pytest.raises(ExplorerError, match="size mismatch"):
        explore(make_run(latents=4), folder_of(model), images=images)


def test_codes_that_are_not_finite_are_refused(
    run: Run, model: Autoencoder, folder_of: Write, images: ReferenceImages
) -> None:
    torch.nn.init.constant_(model.mean.bias, torch.nan)
    with pytest.raises(ExplorerError, match="codes that are not finite"):
        explore(run, folder_of(model), images=images)
