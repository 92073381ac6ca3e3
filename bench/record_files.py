"""Records as JSON files that carry their own checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from disbench.atomic import write_whole
from disbench.definition import UNKNOWN
from disbench.errors import DamagedError, StoreError
from disbench.records import Record
from disbench.seals import read_sealed, with_own_seal, without_own_seal

if TYPE_CHECKING:
    from pathlib import Path

AnyRecord = TypeVar("AnyRecord", bound=Record)


def write_record(record: Record, path: Path, *, durable: bool = True) -> None:
    """Write a record as a JSON file that appears whole or not at all."""
    text = record.model_dump_json(indent=1) + "\n"
    write_whole(path, with_own_seal(text), durable=durable)


def read_record(kind: type[AnyRecord], path: Path) -> AnyRecord | None:
    """The record in a JSON file, None where there is no file.

    Raises `DamagedError` for a file that is not such a record, or no longer, and `StoreError` for
    one that is as it was written, of an objective or the like that is not known here.
    """
    if not path.exists():
        return None
    return parse_record(kind, read_sealed(path, None), path)


def parse_record(kind: type[AnyRecord], data: bytes, path: Path) -> AnyRecord:
    """The record in the bytes of a JSON file; `path` names it in the error.

    Raises `DamagedError` as `read_record` does.
    """
    rest, is_sealed = without_own_seal(path, data)
    record = _validated(kind, rest, path, is_sealed=is_sealed)
    if not is_sealed and getattr(record, "schema_version", 1) > 1:
        raise DamagedError(path, "it lacks its checksum")
    return record


def _validated(kind: type[AnyRecord], data: bytes, path: Path, *, is_sealed: bool) -> AnyRecord:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        [first, *_] = error.errors()
        where = ".".join(map(str, first["loc"])) or "the whole file"
        if is_sealed and first["type"] == UNKNOWN:  # somebody's own, whose runs are no rubbish
            raise StoreError(
                f"{path} cannot be read here: {where}: {first['msg']}; import what defines it first"
            ) from None
        raise DamagedError(path, f"{where}: {first['msg']}") from None
