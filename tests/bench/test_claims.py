"""A run has one owner at a time, and a dead one loses it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from disbench import claims
from disbench.claims import Claim, TakenError, claimed

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from disbench.claims import Claim
assert Claim(Path(sys.argv[1])).take()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.lock"


def _waited(condition: object, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def _elsewhere(path: Path, *, pid: int = 1) -> None:
    """A claim of another machine, as it lies on a shared disk."""
    path.write_text(
        f"filelock/2\npid={pid}\nhost=elsewhere\nmode=lease\ntoken={'0' * 32}\n"
        f"duration={claims.LEASE_SECONDS!r}\n"
    )


def test_one_of_two_has_it(path: Path) -> None:
    first, second = Claim(path), Claim(path)
    assert first.take()
    assert not second.take()
    first.leave()
    assert second.take()
    second.leave()
    assert not path.exists()


def test_it_is_held_as_long_as_the_block(path: Path) -> None:
    with claimed(path) as claim:
        claim.check()
        with pytest.raises(TakenError), claimed(path):
            pass
        assert path.exists()
    assert not path.exists()


def test_an_error_leaves_it_to_others(path: Path) -> None:
    with pytest.raises(ValueError, match="no"), claimed(path):
        raise ValueError("no")
    assert Claim(path).take()


def test_that_of_a_killed_process_is_taken_over_at_once(path: Path) -> None:
    holder = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == b"held\n"
    assert not Claim(path).take()
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    assert Claim(path).take()


def test_that_of_a_machine_that_went_silent_is_taken_over(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.5)
    _elsewhere(path)
    claim = Claim(path)
    assert not claim.take()
    started = time.monotonic()
    assert _waited(claim.take)
    assert time.monotonic() - started >= 0.4
    claim.leave()


def test_that_of_a_machine_that_renews_it_is_left(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock may be hours off: only that the time of the file changes counts."""
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.5)
    _elsewhere(path)
    claim = Claim(path)
    for beat in range(8):
        hours_ago = time.time() - 36_000 + beat
        os.utime(path, (hours_ago, hours_ago))
        assert not claim.take()
        time.sleep(0.2)


def test_owner_that_was_thought_dead_learns_of_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.3)
    claim = Claim(path)
    assert claim.take()
    path.unlink()
    _elsewhere(path)
    assert _waited(claim.lost.is_set)
    with pytest.raises(TakenError):
        claim.check()


def test_lock_that_was_left_empty_is_taken_over(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut leaves; a lock that is older and has an owner stays."""
    monkeypatch.setattr(claims, "EMPTY_SECONDS", 0.2)
    path.touch()
    claim = Claim(path)
    assert not claim.take()
    assert not claim.take()
    time.sleep(0.3)
    assert not claim.take()
    assert claim.take()
    other = Claim(path)
    assert not other.take()
    time.sleep(0.3)
    assert not other.take()
    assert path.stat().st_size > 0
    claim.leave()


def test_owner_that_stood_still_learns_of_it_at_once(path: Path) -> None:
    """A suspended process writes before its heartbeat has seen anything."""
    claim = Claim(path)
    assert claim.take()
    claim.check()
    path.unlink()
    with pytest.raises(TakenError):
        claim.check()
    _elsewhere(path)
    assert not claim.lost.is_set()
    with pytest.raises(TakenError):
        claim.check()
