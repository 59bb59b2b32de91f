"""A lane is one client's own contacts and segments of a tenant, and what they must be.

Each lane has one thread and sends one request after another, so that what must be there follows
from the answers alone. Both tenants have the same lanes: the same ids, emails and segment names.
The expected state is kept here, in the process that outlives the servers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

Json = dict[str, Any]

PEOPLE: Final = 10
NAMES: Final = ("young", "old", "opened", "list", "other list")
STATIC: Final = ("list", "other list")


@dataclass
class Person:
    """What a contact must be."""

    values: Json
    opens: int = 0


@dataclass
class Saved:
    """What a segment must be: the contacts' numbers that its rules ask for, or its members."""

    id: str
    revision: int
    rules: Json | None
    members: set[str] = field(default_factory=set)


@dataclass
class State:
    """What must be there of a lane."""

    people: dict[str, Person] = field(default_factory=dict)
    segments: dict[str, Saved] = field(default_factory=dict)


@dataclass
class Request:
    """A request that a lane sends, and what it makes of the state if it takes effect.

    Attributes:
        refused: the status that refuses it; None = it is to be taken.
        after: the state behind it; the id of a segment that it makes is in the answer.
        makes: the name of a segment that it makes.
    """

    method: str
    path: str
    body: Any
    key: str
    after: State
    refused: int | None = None
    makes: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Lane:
    """One client of a tenant.

    Attributes:
        state: what must be there.
        unknown: the request that had no answer.
    """

    def __init__(self, tenant: str, number: int, seed: int) -> None:
        """Begin with nothing."""
        self.tenant = tenant
        self.prefix = f"l{number}-"
        self.state = State()
        self.unknown: Request | None = None
        self._draw = Random(f"{seed}:{tenant}:{number}")  # noqa: S311 - a seed replays it
        self._sent = 0

    def next(self) -> Request:
        """Draw a request."""
        self._sent += 1
        after = copy.deepcopy(self.state)
        return self._draw.choice(_REQUESTS)(self, after)

    def done(self, request: Request, answer: Any) -> None:
        """Note that a request took effect."""
        self.state = request.after
        if request.makes is not None:
            self.state.segments[request.makes].id = answer["id"]

    def members(self, name: str) -> set[str]:
        """Return who must be in a segment."""
        return members_of(self.state, name)

    def _ids(self) -> list[str]:
        return [f"{self.prefix}{number}" for number in range(PEOPLE)]

    def _request(self, method: str, path: str, body: Any, after: State, **more: Any) -> Request:
        key = f"{self.tenant}:{self.prefix}{self._sent}"
        return Request(method, path, body, key, after, **more)

    def _row(self, contact_id: str) -> Json:
        return {
            "id": contact_id,
            "email": f"{contact_id}@example.com",
            "customField.owner": self.tenant,
            "customField.age": self._draw.randrange(100),
        }

    # What is sent

    def write_contacts(self, after: State) -> Request:
        """Write some contacts."""
        rows = [self._row(one) for one in self._draw.sample(self._ids(), self._draw.randint(1, 5))]
        for row in rows:
            values = {"contact.id": row["id"], "contact.email": row["email"]}
            values |= {key: row[key] for key in row if key.startswith("customField")}
            known = after.people.get(row["id"])
            after.people[row["id"]] = Person(values, known.opens if known else 0)
        return self._request("PUT", "/api/contacts", rows, after)

    def refused_contacts(self, after: State) -> Request:
        """Write contacts of which one is wrong, all or none."""
        rows = [self._row(one) for one in self._draw.sample(self._ids(), 3)]
        rows[1]["lead_score"] = "not a number"
        return self._request("PUT", "/api/contacts?strict=true", rows, after, refused=422)

    def record_events(self, after: State) -> Request:
        """Record events without an id: recorded twice, they would count twice."""
        known = list(after.people)
        if not known:
            return self.write_contacts(after)
        rows = []
        for one in self._draw.choices(known, k=self._draw.randint(1, 6)):
            rows.append({"contact_id": one, "kind": "open", "at": "2026-03-01T09:30:00Z"})
            after.people[one].opens += 1
        return self._request("POST", "/api/events", rows, after)

    def erase(self, after: State) -> Request:
        """Erase a contact, or several."""
        known = list(after.people)
        if not known:
            return self.write_contacts(after)
        gone = self._draw.sample(known, min(len(known), self._draw.choice((1, 1, 3))))
        for one in gone:
            del after.people[one]
            for saved in after.segments.values():
                saved.members.discard(one)
        if len(gone) == 1:
            return self._request("DELETE", f"/api/contacts/{gone[0]}", None, after)
        return self._request("POST", "/api/contacts/delete", {"contact_ids": gone}, after)

    def save_segment(self, after: State) -> Request:
        """Make a segment."""
        free = [name for name in NAMES if name not in after.segments]
        if not free:
            return self.change_segment(after)
        name = self._draw.choice(free)
        body: Json = {"name": self.prefix + name}
        if name in STATIC:
            ids = self._draw.sample(list(after.people), min(len(after.people), 3))
            body["contact_ids"] = ids
            after.segments[name] = Saved("", 1, None, set(ids))
        else:
            body["rules"] = self._rules(name)
            after.segments[name] = Saved("", 1, body["rules"])
        return self._request("POST", "/api/segments", body, after, makes=name)

    def taken_name(self, after: State) -> Request:
        """Make a segment of a name that is taken."""
        if not after.segments:
            return self.save_segment(after)
        name = self._draw.choice(list(after.segments))
        body = {"name": self.prefix + name, "contact_ids": []}
        return self._request("POST", "/api/segments", body, after, refused=409)

    def _rules(self, name: str) -> Json:
        condition: Json = {"event": "open"}
        if name != "opened":
            operator = "less_than" if name == "young" else "greater_or_equal"
            age = self._draw.randrange(100)
            condition = {"field": "customField.age", "operator": operator, "value": age}
        mine = {"field": "contact.id", "operator": "starts_with", "value": self.prefix}
        return {"match": "all", "groups": [{"match": "all", "conditions": [mine, condition]}]}

    def change_segment(self, after: State) -> Request:
        """Give a segment other rules, at the revision that it has."""
        found = [name for name in ("young", "old") if name in after.segments]
        if not found:
            return self.save_segment(after)
        saved = after.segments[self._draw.choice(found)]
        tag = {"If-Match": f'"{saved.revision}"'}
        saved.revision += 1
        saved.rules = self._rules("young" if self._draw.random() < 0.5 else "old")
        body = {"rules": saved.rules}
        return self._request("PATCH", f"/api/segments/{saved.id}", body, after, headers=tag)

    def stale_change(self, after: State) -> Request:
        """Change a segment at a revision that it has not."""
        if not after.segments:
            return self.save_segment(after)
        saved = after.segments[self._draw.choice(list(after.segments))]
        more: Json = {"headers": {"If-Match": f'"{saved.revision + 7}"'}, "refused": 412}
        path, body = f"/api/segments/{saved.id}", {"description": "stale"}
        return self._request("PATCH", path, body, after, **more)

    def move_members(self, after: State) -> Request:
        """Put contacts into a static segment, or take some out."""
        found = [name for name in STATIC if name in after.segments]
        if not found or not after.people:
            return self.save_segment(after)
        saved = after.segments[self._draw.choice(found)]
        ids = self._draw.sample(list(after.people), min(len(after.people), 3))
        adds = self._draw.random() < 0.6
        (saved.members.update if adds else saved.members.difference_update)(ids)
        method, path = "POST" if adds else "DELETE", f"/api/segments/{saved.id}/contacts"
        return self._request(method, path, {"contact_ids": ids}, after)

    def remove_segment(self, after: State) -> Request:
        """Delete a segment."""
        if not after.segments:
            return self.save_segment(after)
        name = self._draw.choice(list(after.segments))
        saved = after.segments.pop(name)
        return self._request("DELETE", f"/api/segments/{saved.id}", None, after)


_REQUESTS: Final = (
    *(Lane.write_contacts,) * 6, Lane.refused_contacts, *(Lane.record_events,) * 5, Lane.erase,
    *(Lane.save_segment,) * 3, Lane.taken_name, Lane.change_segment, Lane.stale_change,
    *(Lane.move_members,) * 2, Lane.remove_segment,
)  # fmt: skip


def members_of(state: State, name: str) -> set[str]:
    """Return who must be in a segment of a state."""
    saved = state.segments[name]
    if saved.rules is None:
        return saved.members
    rule = saved.rules["groups"][0]["conditions"][1]
    if "event" in rule:
        return {one for one, person in state.people.items() if person.opens}
    is_young = rule["operator"] == "less_than"
    return {
        one
        for one, person in state.people.items()
        if (person.values["customField.age"] < rule["value"]) == is_young
    }
