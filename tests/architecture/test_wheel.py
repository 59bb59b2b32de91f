"""The wheel holds bitseg and server with their data, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    source = tmp_path_factory.mktemp("source")
    for part in ("bitseg", "server", "tests", "bench"):
        shutil.copytree(ROOT / part, source / part)
    for part in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / part, source / part)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = (source / "out").glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_it_holds_two_packages(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"bitseg", "server"}


@pytest.mark.parametrize(
    "name", ["bitseg/examples/segments.json", "bitseg/py.typed", "server/py.typed"]
)
def test_it_holds_their_data(names: set[str], name: str) -> None:
    assert name in names


def test_it_holds_no_compiled_leftovers(names: set[str]) -> None:
    assert [name for name in names if name.endswith((".pyc", ".nbc", ".nbi"))] == []
