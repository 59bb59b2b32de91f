"""One nursery serves all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.crash.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Lend the process that writers are forked from."""
    with Nursery() as process:
        yield process
