"""The files of a run as they travel to a worker that does not see them, and back."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from disbench.atomic import write_whole
from disbench.checkpoints import is_checkpoint
from disbench.cluster.wholeness import RECORDS, check_whole
from disbench.run_folder import FILES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from disbench.records import Failure
    from disbench.runs import Run
    from disbench.store import Store


class ParcelError(Exception):
    """A parcel holds what no parcel should."""


@dataclass(frozen=True)
class Parcel:
    """The files of a run by name, those of its folder and those it was begun with.

    `failure` is what a worker has noted: none is sent to it.
    """

    finished: Mapping[str, bytes]
    begun: Mapping[str, bytes]
    failure: Failure | None = None


def pack(store: Store, run: Run, *, failure: Failure | None = None) -> Parcel:
    """What files a store has of a run, with a failure of it.

    Codes that were kept are in it: without them, the record that seals them would be damaged.
    """
    return Parcel(_read(store.folder(run).path), _read(store.begun(run).path), failure)


def unpack(parcel: Parcel, store: Store, run: Run) -> None:
    """Write what a parcel holds of a run to a store that has nothing of it."""
    _check(parcel, run)
    _write(parcel.finished, store.folder(run).path, durable=False)
    _write(parcel.begun, store.begun(run).path, durable=False)


def keep(parcel: Parcel, store: Store, run: Run) -> None:
    """Take over what a worker has made of a run: from now on it is the store's.

    Who calls it holds the claim to the run. Raises, before anything is written, `ParcelError` for
    a parcel with files that no run has, and `DamagedError` for a run that is not whole.
    """
    _check(parcel, run)
    check_whole(parcel.finished, store.folder(run).path, run)
    if parcel.finished and not store.folder(run).is_trained:
        _write(parcel.finished, store.begun(run).path, durable=False)
        store.publish(run)
    else:
        _write(parcel.finished, store.folder(run).path, durable=True)
        _write(parcel.begun, store.begun(run).path, durable=False)
        _drop_checkpoints(store.begun(run).path, but=parcel.begun)
    if parcel.failure is not None:
        store.note_failure(parcel.failure)


def _read(folder: Path) -> Mapping[str, bytes]:
    if not folder.is_dir():
        return MappingProxyType({})
    return {path.name: path.read_bytes() for path in folder.iterdir() if _is_known(path.name)}


def _write(files: Mapping[str, bytes], folder: Path, *, durable: bool) -> None:
    """Write files that are not there as they are, and the records, which make them count, last."""
    if files:
        folder.mkdir(exist_ok=True)
    for name in sorted(files, key=lambda name: (name in RECORDS, name)):
        path = folder / name
        if not path.exists() or path.read_bytes() != files[name]:
            write_whole(path, files[name], durable=durable)


def _drop_checkpoints(folder: Path, *, but: Mapping[str, bytes]) -> None:
    """Remove the checkpoints that the worker has outrun, or found of no use."""
    if not but:
        return
    for path in folder.iterdir():
        if is_checkpoint(path.name) and path.name not in but:
            path.unlink()


def _check(parcel: Parcel, run: Run) -> None:
    """Raise `ParcelError` for names that would lead anywhere but to the run's own files."""
    unknown = [name for name in (*parcel.finished, *parcel.begun) if not _is_known(name)]
    if unknown:
        raise ParcelError(f"a parcel of {run.id} holds {unknown[0]!r}, which is no file of a run")
    if parcel.failure is not None and parcel.failure.run.id != run.id:
        raise ParcelError(f"a parcel of {run.id} holds a failure of {parcel.failure.run.id}")


def _is_known(name: str) -> bool:
    return name in FILES or is_checkpoint(name)
