"""What an error comes to in a line."""

import pytest

from disbench.outcomes import summary


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 7. TiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
    ],
)
def test_want_of_memory_comes_with_a_remedy(error: Exception) -> None:
    assert summary(error).startswith(type(error).__name__)
    assert summary(error).endswith("; give it more memory, or fewer --jobs")


def test_other_errors_are_told_in_a_line() -> None:
    assert summary(ValueError("no\n  such")) == "ValueError: no such"
