"""A sample is the stable share of contacts that the specification's hash chooses."""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bitseg.samples import below, hashes
from tests.engine.making import all_of, engine_of, found

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=90)
PEOPLE = [f"person-{i}@example.com" for i in range(2_000)]


def _hash(seed: str, contact: str) -> int:
    text = f"{seed}\0{contact}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=4))
@example("", ["x" * 127])
@example("", ["x" * 126])
@example("s", ["x" * 126])
@example("s" * 127, ["é" * 64, ""])
@example("s" * 128, ["x" * 127])
@example("s" * 4096, ["x" * 255])
def test_the_hash_is_blake2b_of_seed_nul_and_id(seed: str, ids: list[str]) -> None:
    held = pa.array(["before", *ids, "behind"], pa.large_string())
    want = [_hash(seed, one) for one in ids]
    assert hashes(seed, held[1:-1]).tolist() == want
    assert hashes(seed, pa.array(ids, pa.large_string())).tolist() == want


@pytest.mark.parametrize(
    ("percent", "limit"),
    [
        ("0", 0),
        ("100", 2**64),
        ("50", 2**63),
        ("25.0", 2**62),
        ("10", 1844674407370955162),
        ("0.1", 18446744073709552),
        ("0.00000000000000000001", 1),
        ("99.999999999999999999999", 2**64),
    ],
)
def test_the_limit_is_exact_in_the_decimal_as_written(percent: str, limit: int) -> None:
    assert below(Decimal(percent)).limit == limit


@pytest.mark.parametrize("percent", [0, 0.05, 10, 33.3, 50, 99.95, 100])
def test_members_are_those_whose_hash_lies_below_the_percent(percent: float) -> None:
    engine = engine_of(*PEOPLE)
    share = Decimal(str(percent))
    want = [one for one in PEOPLE if _hash("june", one) * 100 < share * 2**64]
    assert found(engine, all_of({"sample": percent, "seed": "june"})) == want
    assert abs(len(want) - 20 * percent) < 100


def test_a_sample_grows_with_its_percent_and_hears_of_who_comes_and_goes() -> None:
    engine = engine_of(*PEOPLE[:1_000])
    rules = [all_of({"sample": percent, "seed": "x"}) for percent in (5, 20, 60, 100)]
    for rule in rules:
        engine.count(rule)
    engine.load_contacts([{"id": one} for one in PEOPLE[1_000:1_050]])
    engine.delete_contacts(PEOPLE[:20])
    left = PEOPLE[20:1_050]
    sizes = []
    for percent, rule in zip((5, 20, 60, 100), rules, strict=True):
        members = found(engine, rule)
        assert members == [one for one in left if _hash("x", one) * 100 < percent * 2**64]
        sizes.append(set(members))
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3] == set(left)


def test_another_seed_is_another_sample() -> None:
    engine = engine_of(*PEOPLE[:300])
    one = found(engine, all_of({"sample": 50, "seed": "x"}))
    other = found(engine, all_of({"sample": 50, "seed": "y"}))
    assert one != other
