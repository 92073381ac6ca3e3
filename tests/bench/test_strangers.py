"""Whatever a stranger hands in is read, or refused with the error that is documented."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from disbench.code_files import Source
from disbench.errors import DataError, StudyError
from disbench.records import EvaluationRecord, GroupRecord, TrainingRecord
from disbench.store import Store
from disbench.study_files import load_study, shipped_studies, to_toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from disbench.runs import Run

CODES = np.random.default_rng(0).normal(size=(20, 3))
FRAME = pd.DataFrame(CODES, columns=list("abc")).assign(word=["x", "yy"] * 10)

often = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def _npy() -> bytes:
    np.save(stream := BytesIO(), CODES)
    return stream.getvalue()


def _npz() -> bytes:
    np.savez_compressed(stream := BytesIO(), codes=CODES)
    return stream.getvalue()


def _hdf5() -> bytes:
    with h5py.File(stream := BytesIO(), "w") as file:
        file.create_dataset("codes", data=CODES, chunks=(7, 2), compression="gzip", fletcher32=True)
    return stream.getvalue()


def _parquet() -> bytes:
    FRAME.to_parquet(stream := BytesIO())
    return stream.getvalue()


VALID = {
    ".npy": _npy(),
    ".npz": _npz(),
    ".h5": _hdf5(),
    ".csv": FRAME.to_csv(index=False).encode(),
    ".parquet": _parquet(),
}


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content cut short, or with a few bytes changed, mostly where the declarations are."""
    kind = draw(st.sampled_from(["noise", "cut", "head", "tail", "anywhere"]))
    if kind == "noise":
        return draw(st.binary(max_size=200))
    if kind == "cut":
        return content[: draw(st.integers(0, len(content)))]
    low, high = {"head": (0, 300), "tail": (-600, -1)}.get(kind, (0, len(content) - 1))
    changed = bytearray(content)
    for place in draw(st.lists(st.integers(low, high), min_size=1, max_size=4)):
        if -len(changed) <= place < len(changed):
            changed[place] = draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
    return bytes(changed)


def _refusal(read: Callable[[], object], kind: type[Exception]) -> str | None:
    """What the error of this kind says, None where there is none."""
    try:
        read()
    except kind as error:
        return str(error)
    return None


@pytest.mark.parametrize("suffix", VALID)
@often
@given(data=st.data())
def test_damaged_codes_are_read_or_refused(
    suffix: str, data: st.DataObject, tmp_path: Path
) -> None:
    path = tmp_path / f"codes{suffix}"
    path.write_bytes(data.draw(damaged(VALID[suffix])))
    with warnings.catch_warnings(action="ignore"):
        refusal = _refusal(Source(path).read, DataError)
    assert refusal is None or str(path) in refusal


@often
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_noise_is_no_study(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError):
        load_study(path)


@often
@given(data=st.data())
def test_damaged_study_is_read_or_refused(data: st.DataObject, tmp_path: Path) -> None:
    valid = to_toml(load_study(data.draw(st.sampled_from(shipped_studies()))))
    path = tmp_path / "study.toml"
    path.write_bytes(data.draw(damaged(valid.encode())))
    refusal = _refusal(lambda: load_study(path), StudyError)
    assert refusal is None or str(path) in refusal


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["NaN", "Infinity", "-Infinity", -1, 2**63, 10**400, "../x", "\ud800", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


def _places(content: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = content.items() if isinstance(content, dict) else enumerate(content)
    inner = [(key, value) for key, value in items if isinstance(value, dict | list)]
    here = [(*path, key) for key in (content if isinstance(content, dict) else range(len(content)))]
    return here + [place for key, value in inner for place in _places(value, (*path, key))]


@pytest.mark.parametrize("kind", [TrainingRecord, EvaluationRecord, GroupRecord])
@often
@given(data=st.data())
def test_damaged_record_is_read_or_refused(
    kind: type[TrainingRecord | EvaluationRecord | GroupRecord],
    data: st.DataObject,
    make_run: Callable[..., Run],
    write_run: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """What is read can be used: it has a name, a beta and a key."""
    if not (tmp_path / "runs").exists():
        write_run(Store(tmp_path), make_run(), {"mig/exact": 0.5})
    [folder] = Store(tmp_path).finished()
    evaluation = json.loads((folder.path / "evaluation.json").read_text())
    valid = {
        TrainingRecord: json.loads((folder.path / "training.json").read_text()),
        EvaluationRecord: evaluation,
        GroupRecord: {"protocol": "udr/lasso", "protocol_version": 1, "scores": []}
        | {"identities": [evaluation["identity"]], "provenance": evaluation["provenance"]},
    }[kind]
    *parents, last = data.draw(st.sampled_from(_places(valid)))
    place = valid
    for key in parents:
        place = place[key]
    place[last] = data.draw(VALUES)
    try:
        record = kind.model_validate_json(json.dumps(valid))
    except ValidationError:
        return
    if isinstance(record, TrainingRecord):
        assert record.run.id.startswith(record.run.objective)
        assert record.run.beta is None or record.run.beta >= 0
        assert record.run.with_hyperparameters() is not None
    record.model_dump_json()


ABSURD = """
import resource, struct, sys, zipfile
from io import BytesIO
from pathlib import Path
import h5py, numpy as np, pyarrow as pa
from pyarrow import parquet
from disbench.code_files import Source
from disbench.errors import DataError, StudyError
from disbench.study_files import load_study

folder = Path(sys.argv[1])
with h5py.File(folder / "fill.h5", "w") as file:
    file.create_dataset("codes", (10**12,), "f8", fillvalue=1.0)
with h5py.File(folder / "chunk.h5", "w") as file:
    file.create_dataset("codes", (9, 9), "f8", maxshape=(None, 9), chunks=(5 * 10**7, 9))
header = BytesIO()
claim = {"descr": "<f8", "fortran_order": False, "shape": (10**8, 9)}
np.lib.format.write_array_header_1_0(header, claim)
(folder / "claim.npy").write_bytes(header.getvalue())
with zipfile.ZipFile(folder / "claim.npz", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("codes.npy", header.getvalue())
with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_BZIP2) as archive:
    archive.writestr("codes.npy", header.getvalue() + bytes(10**8))
(folder / "short.csv").write_text(",".join(map("z{}".format, range(9999))) + "\\n0" * 10**5)
rows = pa.DictionaryArray.from_arrays(np.zeros(10**6, np.int8), ["x" * 10**6])
parquet.write_table(pa.table({"word": rows}), folder / "words.parquet")
(folder / "deep.toml").write_text("x" + ".a" * 900_000)
(folder / "grid.toml").write_text("seeds = 1000000000000000000")

used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20,) * 2)
for path in sorted(folder.iterdir()):
    try:
        load_study(path) if path.suffix == ".toml" else Source(path).read()
    except (DataError, StudyError) as error:
        assert "Unable to allocate" not in str(error) and "MemoryError" not in str(error), error
        print(path.name)
"""


def test_absurd_files_are_refused_in_little_memory(tmp_path: Path) -> None:
    """In 300 MB more than it takes to import what reads them."""
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", ABSURD, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == sorted(path.name for path in tmp_path.iterdir())
