"""Warming up leaves nothing to compile for the questions that follow."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import gc

import msgspec
from numba.core.dispatcher import Dispatcher

from bitseg import Engine, examples, synthetic
from bitseg.warmup import warm_up


def compiled():
    kernels = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
    return {f"{one.py_func.__qualname__}{types}" for one in kernels for types in one.signatures}


warm_up()
before = compiled()
engine = Engine()
for path, data_type in synthetic.FIELDS.items():
    engine.define_field(path, data_type)
engine.load_contacts(synthetic.contacts(20_000))
engine.load_events(synthetic.events(20_000, 200_000))
for example in examples.segments():
    engine.define_segment(example.id, example.rules)
    rules = msgspec.json.encode(example.rules)
    engine.preview(rules, breakdown=True, sample=5, near_misses=True, against=example.id)
for path in ("contact.email", "contact.tags", "engagement.last_opened_device"):
    engine.field_values(path, "a")
    engine.field_values(path, "a", rules=rules)
    engine.segments.contacts("segment-a", sort=path)
assert len(before) > 50
print(*sorted(compiled() - before), sep="\\n")
"""


@pytest.mark.slow
def test_the_demo_and_its_examples_compile_nothing_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""
