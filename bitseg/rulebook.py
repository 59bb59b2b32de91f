"""The rulebook turns what callers give as rules into plans, and keeps what it has turned.

Equal rules are found again by their JSON text, so that reading and compiling are paid for once.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bitseg.errors import RuleError
from bitseg.plan.compile import compile_condition, compile_definition
from bitseg.plan.nodes import Everyone, Nobody, Plan
from bitseg.rules import read
from bitseg.rules.nodes import Definition, Group
from bitseg.rules.recheck import recheck
from bitseg.rules.relative import relative_parts
from bitseg.rules.respell import spelled
from bitseg.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bitseg.fields import DataType, Field
    from bitseg.segments import Segments
    from bitseg.tenant import Tenant
    from bitseg.zones import Zone

KEPT_RULES: Final = 4_096
KEPT_BYTES: Final = 2**22
"""Of the texts; what they became takes some ten times that."""
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Compiled(msgspec.Struct, frozen=True):
    """A definition, the plan it became, and what can be said of it whatever the data are.

    Attributes:
        definition: the definition.
        plan: whose result are its members.
        parts: its groups and conditions by path, as ``walk`` has them.
        relative: those that have a relative date.
        decided: (path, ``nobody`` or ``everybody``) of the conditions that can match nothing else,
            and of the whole at path "".
    """

    definition: Definition
    plan: Any
    parts: tuple[tuple[str, Any], ...]
    relative: tuple[tuple[str, Any], ...]
    decided: tuple[tuple[str, str], ...]


class View:
    """The tenant as rules see it: names, types, segments and timezone."""

    def __init__(
        self,
        tenant: Tenant,
        segments: Segments,
        defining: str | None = None,
        zone: Zone | None = None,
    ) -> None:
        """Take the tenant, its segments, the id of one that is being defined, and the timezone.

        Without one, it is the tenant's.
        """
        self._tenant = tenant
        self._segments = segments
        self._defining = defining
        self.zone = zone or tenant.zone

    def field(self, path: str) -> Field | None:
        """Return the field at a full path, or None."""
        return self._tenant.schema.field(path)

    def field_paths(self) -> Iterable[str]:
        """Return all full paths."""
        return self._tenant.schema.field_paths()

    def property_type(self, name: str) -> DataType | None:
        """Return an event property's type, or None."""
        return self._tenant.schema.property_type(name)

    def property_names(self) -> Iterable[str]:
        """Return all properties that ``where`` may name."""
        return self._tenant.schema.property_names()

    def has_segment(self, segment: str) -> bool:
        """Return whether there is a segment of that id."""
        # One that is being defined is known: that it speaks of itself is a cycle.
        return segment in self._segments or segment == self._defining

    def segment_ids(self) -> Iterable[str]:
        """Return the ids of all segments."""
        return self._segments.ids()


class Rulebook:
    """Reads and compiles rules for one tenant."""

    def __init__(self, tenant: Tenant, segments: Segments) -> None:
        """Take the tenant and its segments."""
        self._tenant = tenant
        self._segments = segments
        self._kept: OrderedDict[Any, Compiled] = OrderedDict()
        self._kept_bytes = 0
        self._versions = (-1, -1, "")

    def read(self, rules: Any, *, defining: str | None = None) -> Definition:
        """Return the definition that rules spell, to ask or to define a segment of some id.

        Raises:
            RuleError: it is not valid; every fault is named.
        """
        view = View(self._tenant, self._segments, defining)
        saving = defining is not None
        if isinstance(rules, Definition):
            faults = recheck(rules, view, saving=saving)
            if faults:
                raise RuleError(*faults)
            return rules
        return read(rules, view, saving=saving)

    def read_suppression(self, rules: Any, zone: Zone) -> Definition:
        """Return the definition of those who must not be mailed, in a timezone that is to be.

        Raises:
            RuleError: it is not valid; every fault is named.
        """
        view = View(self._tenant, self._segments, zone=zone)
        if isinstance(rules, Definition):
            rules = spelled(rules)
        return read(rules, view, saving=True)

    def compiled(self, rules: Any) -> Compiled:
        """Return rules with their plan.

        Raises:
            RuleError: they are not valid; every fault is named.
        """
        versions = (self._tenant.schema.version, self._segments.version, self._tenant.zone.key)
        if versions != self._versions:
            self._kept.clear()
            self._kept_bytes = 0
            self._versions = versions
        key = _key(rules)
        kept = self._kept.get(key) if key is not None else None
        if kept is None:
            definition = self.read(rules)
            plan = compile_definition(definition)
            parts = tuple(walk(definition))
            decided = tuple(_decided(parts, plan))
            kept = Compiled(definition, plan, parts, relative_parts(parts), decided)
            self._remember(key, kept)
        elif key is not None:
            self._kept.move_to_end(key)
        return kept

    def _remember(self, key: Any, kept: Compiled) -> None:
        if key is None:
            return
        self._kept[key] = kept
        self._kept_bytes += _size(key)
        while len(self._kept) > 1 and (
            len(self._kept) > KEPT_RULES or self._kept_bytes > KEPT_BYTES
        ):
            oldest, _ = self._kept.popitem(last=False)
            self._kept_bytes -= _size(oldest)


def _decided(nodes: tuple[tuple[str, Any], ...], plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what matches nobody, or everybody, by what it says alone.

    Empty groups are left out, and so is a whole that has one: the remark on them says it.
    """
    parts = [(path, compile_condition(node)) for path, node in nodes if not isinstance(node, Group)]
    if nodes and all(node.conditions for _, node in nodes if isinstance(node, Group)):
        parts.insert(0, ("", plan))
    for path, part in parts:
        if isinstance(part, Nobody | Everyone):
            yield path, "nobody" if isinstance(part, Nobody) else "everybody"


def _size(key: Any) -> int:
    """Return about how long the text of some rules is."""
    texts = key if isinstance(key, tuple) else (key,)
    return sum(len(text) for text in texts if isinstance(text, str | bytes))


def _key(rules: Any) -> Any:
    """Return what equal rules share; None where there is no such thing.

    JSON alone would take bytes for their base64 text, and NaN for null; MessagePack tells these
    apart, but not a decimal from its text.
    """
    if isinstance(rules, Definition | str | bytes):
        return rules
    try:
        return _ENCODER.encode(rules), msgspec.msgpack.encode(rules)
    except (TypeError, ValueError, RecursionError, OverflowError):
        return None
