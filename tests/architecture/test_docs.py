"""Docs are tests: all there is appears in them, and what they show runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from litestar import Litestar

import bitseg
from bitseg import examples
from bitseg.cli import main
from server import Settings, create_app
from server.keys import make_key

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _blocks(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in PAGES
        for number, block in enumerate(
            re.findall(
                rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
            )
        )
    ]


@pytest.mark.parametrize("operator", bitseg.OPERATORS)
def test_every_operator_has_a_row_with_its_types(operator: str) -> None:
    row = re.search(rf"^\| `{operator}` \| ([^|]+) \|", _text("docs/rules.md"), re.MULTILINE)

    assert row is not None
    types = bitseg.OPERATORS[operator].types
    assert row[1] == ("every type" if len(types) == 5 else ", ".join(types))


@pytest.mark.parametrize("operator", bitseg.MEASURE_OPERATORS)
def test_every_operator_of_a_measure_is_named(operator: str) -> None:
    part = _text("docs/rules.md").partition("## Rules about events")[2].partition("## ")[0]

    assert operator in part.split("`operator` is one of")[1].split("`")[1].split()


@pytest.mark.parametrize("path", bitseg.BUILT_IN)
def test_every_built_in_field_is_named(path: str) -> None:
    assert f"`{path.partition('.')[2]}`" in _text("docs/concepts.md")


@pytest.mark.parametrize("kind", bitseg.EVENT_KINDS)
def test_every_kind_of_event_is_named(kind: str) -> None:
    assert f"`{kind}`" in _text("docs/concepts.md")


def _commands() -> dict[str, click.Command]:
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def test_every_command_is_listed() -> None:
    for name in _commands():
        assert f"| `bitseg {name}" in _text("docs/operations.md")


def test_every_option_explains_itself_or_is_named_in_the_docs() -> None:
    docs = "".join(page.read_text("utf-8") for page in PAGES)
    for command in _commands().values():
        for option in command.params:
            if isinstance(option, click.Option) and not option.help:
                assert any(f"{name}`" in docs or f"{name} " in docs for name in option.opts)


def test_every_setting_from_the_environment_is_listed() -> None:
    source = "".join(path.read_text("utf-8") for path in _sources())
    names = set(re.findall(r'"(BITSEG_[A-Z_]+)"', source))

    assert names
    for name in names:
        assert f"`{name}`" in _text("docs/operations.md")


def _sources() -> list[Path]:
    return [path for part in ("bitseg", "server") for path in (ROOT / part).rglob("*.py")]


def _app() -> Litestar:
    return create_app(bitseg.Engine(), Settings(make_key()))


def test_every_route_is_listed() -> None:
    for path, item in _app().openapi_schema.to_schema()["paths"].items():
        for method in item:
            assert f"`{method.upper()} {path}`" in _text("docs/http.md")


def test_every_key_of_a_preview_is_explained() -> None:
    schema = _app().openapi_schema.to_schema()["components"]["schemas"]["Preview"]

    for key in schema["properties"]:
        assert f"`{key}`" in _text("docs/http.md")


@pytest.mark.parametrize("block", _blocks("python"))
def test_python_in_the_docs_runs_and_prints_what_it_says(block: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, check=True
    ).stdout

    assert said.splitlines() == re.findall(r"^\s*print\(.*\)  # (.*)$", block, re.MULTILINE)


@pytest.mark.parametrize("block", _blocks("sh"))
def test_shell_in_the_docs_runs(block: str, tmp_path: Path) -> None:
    for line in block.splitlines():
        program, *arguments = line.split()
        assert program == "bitseg"
        subprocess.run(
            [sys.executable, "-m", "bitseg.cli", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )


@pytest.mark.parametrize("block", _blocks("json"))
def test_json_in_the_docs_is_a_rule_that_runs(block: str) -> None:
    engine = bitseg.Engine()
    engine.load_contacts([{"id": "ann", "signup_date": "2024-05-01"}])
    engine.define_field("customField.signup_date", "date")
    rule = json.loads(block)
    if "groups" not in rule:
        rule = {"match": "all", "groups": [{"match": "all", "conditions": [rule]}]}
    engine.define_segment("highly-engaged", ["ann"])

    assert engine.count(rule) in {0, 1}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).is_file()


def test_the_readme_counts_the_examples_right() -> None:
    assert f"one of {len(examples.segments())} ready-made" in _text("README.md")


def test_the_readme_shows_the_commands_that_ci_runs() -> None:
    shown = re.findall(r"^```console\n(.*?)\n```$", _text("README.md"), re.DOTALL | re.MULTILINE)

    assert shown == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/bitseg serve --demo",
        ".ci/run",
    ]
