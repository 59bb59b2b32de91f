"""The floors of the house hold: who imports what."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import bitseg

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_contract_between_modules_is_kept() -> None:
    # In a process of its own, as it turns off the loggers it finds.
    check = "from importlinter.cli import lint_imports_command as check; check()"

    checked = subprocess.run(
        [sys.executable, "-c", check, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


PUBLIC_MODULES = ("bitseg.cli", "bitseg.examples", "bitseg.synthetic", "bitseg.warmup")
CLOCK = "bitseg.clock"
"""The one caller of the system clock; commands and the server pass it on."""


@pytest.mark.parametrize("part", ["bitseg/cli", "server", "bench"])
def test_the_outside_sees_only_the_public_names_of_bitseg(part: str) -> None:
    seen = {name for path in (ROOT / part).rglob("*.py") for name in _names_of_bitseg(path)}
    public = {f"bitseg.{name}" for name in bitseg.__all__} | {"bitseg"}
    if part != "bench":
        public.add(CLOCK)

    assert [name for name in sorted(seen - public) if not name.startswith(PUBLIC_MODULES)] == []


def _names_of_bitseg(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.partition(".")[0] == "bitseg"}


def test_one_file_reads_the_system_clock_and_one_waits_by_it() -> None:
    clocks = re.compile(r"\btime\.time(_ns)?\(|\bdate(time)?\.(now|utcnow|today)\(")
    sources = [path for part in ("bitseg", "server") for path in (ROOT / part).rglob("*.py")]

    readers = [path for path in sources if clocks.search(path.read_text(encoding="utf-8"))]

    assert [path.relative_to(ROOT).as_posix() for path in readers] == [
        "bitseg/clock.py",
        "server/jobs/waking.py",  # waits until an instant of the clock that APScheduler asks
    ]


def _imported(part: str) -> set[str]:
    found = set()
    for path in (ROOT / part).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"bitseg", "server", "bench", "tests"}


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", line)[0].lower() for line in requirements}


def _distributions(modules: set[str]) -> set[str]:
    known = packages_distributions()
    return {known[module][0].lower().replace("_", "-") for module in modules}  # as PEP 503 has it


OPTIONAL = _names(PROJECT["optional-dependencies"]["polars"])
REQUIRED = _names(PROJECT["dependencies"])


def test_what_bitseg_and_server_import_is_declared() -> None:
    assert _distributions(_imported("bitseg") | _imported("server")) - OPTIONAL <= REQUIRED


def test_what_is_declared_is_imported() -> None:
    read_as_data = {"tzdata"}
    named_for_the_store = {"sqlite-utils"}
    taken_by_uvicorn = {"httptools", "uvloop"}

    imported = _distributions(_imported("bitseg") | _imported("server"))

    assert imported | read_as_data | named_for_the_store | taken_by_uvicorn >= REQUIRED


def test_every_dependency_has_bounds() -> None:
    for requirement in PROJECT["dependencies"]:
        assert ">=" in requirement
        assert "<" in requirement or requirement.startswith("tzdata")
