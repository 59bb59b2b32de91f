"""The generator: the same for the same seed, exact in number, shaped like a mailing business."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import csv, json, parquet

from bitseg import examples, synthetic
from bitseg.errors import FieldError
from bitseg.fields import CONTACT_FIELDS, EVENT_KINDS, EVENT_PROPERTIES
from bitseg.synthetic import draws
from bitseg.synthetic.files import FORMATS, Format, opened

NOW = 1_764_072_000_000  # 2025-11-25T12:00Z
DAY = 86_400_000
CONTACTS, EVENTS = 3_000, 30_000


@pytest.fixture(scope="module")
def contacts() -> pa.Table:
    return plain(synthetic.contacts(CONTACTS, 7, NOW).read_all())


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return plain(synthetic.events(CONTACTS, EVENTS, 7, NOW, event_ids=True).read_all())


def plain(table: pa.Table) -> pa.Table:
    """Return a table with its dictionaries decoded and its times as numbers."""

    def decoded(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_timestamp(kind):
            return pa.int64()
        return kind.value_type if pa.types.is_dictionary(kind) else kind

    return table.cast(pa.schema([(field.name, decoded(field.type)) for field in table.schema]))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda seed: synthetic.contacts(500, seed, NOW), id="contacts"),
        pytest.param(lambda seed: synthetic.events(500, 5_000, seed, NOW), id="events"),
    ],
)
def test_a_seed_gives_the_same_data_and_another_seed_other_data(
    make: Callable[[int], pa.RecordBatchReader],
) -> None:
    first = make(1).read_all()
    assert first.equals(make(1).read_all())
    assert not first.equals(make(2).read_all())


def test_event_ids_change_nothing_else() -> None:
    without = synthetic.events(500, 5_000, 1, NOW).read_all()
    assert (
        synthetic.events(500, 5_000, 1, NOW, event_ids=True)
        .read_all()
        .drop(["event_id"])
        .equals(without)
    )


@pytest.mark.parametrize(
    ("n_contacts", "n_events"),
    [(1, 1), (1, 2), (1, 3), (1, 1_000), (3, 5_000), (5_000, 100), (0, 0), (200, 600_000)],
)
def test_there_are_exactly_as_many_as_asked_for(n_contacts: int, n_events: int) -> None:
    assert synthetic.contacts(n_contacts, 3, NOW).read_all().num_rows == n_contacts
    assert synthetic.events(n_contacts, n_events, 3, NOW).read_all().num_rows == n_events


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: synthetic.events(0, 1), "1 to 100,000,000 contacts", id="no contacts"),
        pytest.param(lambda: synthetic.contacts(10**9), "0 to 100,000,000", id="too many"),
        pytest.param(lambda: synthetic.events(1, -1), "0 events or more", id="fewer than none"),
        pytest.param(lambda: synthetic.contacts(1, seed=-1), "seed of 0 or more", id="seed"),
    ],
)
def test_what_cannot_be_generated_is_refused_at_once(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(FieldError, match=message):
        make()


def test_contacts_have_every_built_in_field_and_the_examples_custom_fields(
    contacts: pa.Table,
) -> None:
    built_in = {path.partition(".")[2] for path in CONTACT_FIELDS}
    needed = {
        path: kind for example in examples.segments() for path, kind in example.fields.items()
    }
    assert built_in < set(contacts.column_names)
    assert needed.items() <= synthetic.FIELDS.items()
    custom = {path.partition(".")[2] for path in synthetic.FIELDS}
    assert set(contacts.column_names) == built_in | custom


def test_ids_and_addresses_are_unique(contacts: pa.Table, events: pa.Table) -> None:
    addresses = pc.drop_null(contacts["email"])
    assert pc.count_distinct(contacts["id"]).as_py() == CONTACTS
    assert pc.count_distinct(pc.utf8_lower(addresses)).as_py() == len(addresses)
    assert pc.count_distinct(events["event_id"]).as_py() == EVENTS


def test_contacts_are_created_before_they_are_updated_and_both_before_now(
    contacts: pa.Table,
) -> None:
    created, updated = contacts["created_at"].to_numpy(), contacts["updated_at"].to_numpy()
    assert contacts["created_at"].null_count == contacts["updated_at"].null_count == 0
    assert (created <= updated).all()
    assert (updated <= NOW).all()
    assert (np.diff(created) >= 0).all()


def test_values_are_missing_at_different_rates(contacts: pa.Table) -> None:
    missing = {name: contacts[name].null_count / CONTACTS for name in contacts.column_names}
    assert missing["id"] == 0
    assert 0 < missing["email"] < 0.03
    assert 0.5 < missing["phone"] < 0.7
    assert 0.05 < missing["lead_score"] < 0.11


def test_events_come_in_order_of_time_over_two_years_and_a_little_beyond_now(
    events: pa.Table,
) -> None:
    at = events["at"].to_numpy()
    assert (np.diff(at) >= 0).all()
    assert NOW - 730 * DAY <= at[0] < NOW - 720 * DAY
    assert NOW < at[-1] < NOW + 14 * DAY
    assert 0 < (at > NOW).mean() < 0.03


def test_events_are_of_contacts_that_existed(contacts: pa.Table, events: pa.Table) -> None:
    created = dict(zip(contacts["id"].to_pylist(), contacts["created_at"].to_pylist(), strict=True))
    rows = zip(events["contact_id"].to_pylist(), events["at"].to_pylist(), strict=True)
    assert all(at >= created[contact] for contact, at in rows)


def test_each_step_of_the_funnel_follows_the_one_before(events: pa.Table) -> None:
    first: dict[tuple[str, str, str | None], int] = {}
    before = {"delivered": "sent", "bounce": "sent", "open": "delivered", "click": "open"}
    before |= {"conversion": "click", "unsubscribe": "open", "complaint": "open"}
    columns = (events[name].to_pylist() for name in ("contact_id", "kind", "campaign", "at"))
    for contact, kind, campaign, at in zip(*columns, strict=True):
        first.setdefault((contact, kind, campaign), at)
        if kind != "sent":
            assert first[contact, before[kind], campaign] <= at


def test_kinds_have_their_usual_shares_and_properties(events: pa.Table) -> None:
    kinds = Counter(events["kind"].to_pylist())
    assert set(kinds) == set(EVENT_KINDS)
    assert kinds["sent"] > kinds["delivered"] > kinds["open"] > kinds["click"]
    assert kinds["click"] > kinds["conversion"] > kinds["bounce"]
    leaving = kinds["bounce"] + kinds["unsubscribe"] + kinds["complaint"]
    assert 0.005 < leaving / EVENTS < 0.02
    properties = set(events.column_names) - {"contact_id", "kind", "at", "event_id"}
    assert properties == set(EVENT_PROPERTIES)


def test_amounts_are_of_conversions_and_have_two_decimals(events: pa.Table) -> None:
    paid = events.filter(pc.is_valid(events["amount"]))
    assert set(paid["kind"].to_pylist()) == {"conversion"}
    amounts = paid["amount"].to_numpy()
    assert (np.round(amounts, 2) == amounts).all()
    assert (amounts > 0).all()


def test_campaigns_and_links_of_the_document_are_there(events: pa.Table) -> None:
    campaigns = set(events["campaign"].to_pylist())
    urls = "\n".join({url for url in events["url"].to_pylist() if url})
    assert {"Product Launch Q4", "Feature Announcement", None} < campaigns
    assert "/pricing" in urls
    assert "/demo" in urls


def test_few_contacts_have_most_of_the_opens(events: pa.Table) -> None:
    opens = Counter(events.filter(pc.equal(events["kind"], "open"))["contact_id"].to_pylist())
    busiest = sum(n for _, n in opens.most_common(CONTACTS // 100))
    assert 0.15 < busiest / opens.total() < 0.6


@pytest.mark.parametrize("total", [0, 1, 7, 1_000])
@pytest.mark.parametrize("offset", [0.0, 0.5, 0.999_999])
@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [0.1, 5.0, 0.0, 2.5]], ids=str)
def test_what_is_allotted_sums_to_the_total(
    weights: list[float], total: int, offset: float
) -> None:
    sizes = draws.allotted(np.array(weights), total, offset)
    assert sizes.sum() == total
    assert (sizes >= 0).all()


def test_numbers_are_padded_to_their_digits() -> None:
    numbers = np.array([0, 42, 99_999_999])
    assert draws.numbered("c", numbers, 2).to_pylist() == ["c00000000", "c00000042", "c99999999"]


READERS: dict[Format, Callable[[Path], pa.Table]] = {
    "parquet": parquet.read_table,
    "csv": lambda path: csv.read_csv(
        path, convert_options=csv.ConvertOptions(strings_can_be_null=True)
    ),
    "ndjson": json.read_json,
}


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_holds_what_was_generated(form: Format, tmp_path: Path, events: pa.Table) -> None:
    path = tmp_path / f"events.{form}"
    batches = synthetic.events(CONTACTS, EVENTS, 7, NOW, event_ids=True)
    with opened(path, batches.schema, form) as write:
        for batch in batches:
            write(batch)
    instant = pa.timestamp("ms", tz="UTC")
    read = READERS[form](path).select(events.column_names)
    types = events.schema.set(2, pa.field("at", instant))
    if pa.types.is_string(read.schema.field("at").type):
        texts = pc.utf8_rtrim(read["at"], "Z")
        at = pc.assume_timezone(texts.cast(pa.timestamp("ms")), "UTC")
        read = read.set_column(2, "at", at)
    assert plain(read.cast(types)).equals(events)


@pytest.mark.parametrize("form", FORMATS)
def test_lists_are_written_in_each_format(form: Format, tmp_path: Path, contacts: pa.Table) -> None:
    path = tmp_path / f"contacts.{form}"
    batches = synthetic.contacts(CONTACTS, 7, NOW)
    with opened(path, batches.schema, form) as write:
        for batch in batches:
            write(batch)
    tags = READERS[form](path)["tags"].to_pylist()
    if form == "csv":
        tags = [text and msgspec.json.decode(text) for text in tags]
    assert tags == contacts["tags"].to_pylist()


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyError), opened(tmp_path / "a.csv", pa.schema([]), "csv"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
