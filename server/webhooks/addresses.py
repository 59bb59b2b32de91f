"""An address may be told of changes if it is public: nothing behind this server's walls is asked.

A URL is taken apart once, here, and connected to as it was judged: what a name means is looked up
once, all of what it means is judged, and one of that is connected to.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, TypeAlias

import msgspec

from bitseg import Fault

URL_MOST: Final = 2_048
IP: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORM: Final = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][!$-\[\]-~]*)?"
)
"""Printable ASCII without backslash or fragment, no user, and a host as DNS or IP has it."""

_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_INSIDE: Final = ("localhost", "local", "internal", "localdomain", "home.arpa", "lan", "intranet")
"""Ends of names that mean something only here."""

_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by customers of a carrier, and metadata of some clouds
        "168.63.129.16/32",  # the platform's own, at one cloud
        "192.0.0.0/24",
        "192.88.99.0/24",
        "240.0.0.0/4",
        "::/96",  # IPv4 in IPv6, as it once was written
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "fec0::/10",
    )
)
"""Networks that ``is_global`` of some version of Python lets pass, or that clouds use inside."""

_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")


class Target(msgspec.Struct, frozen=True):
    """A URL, taken apart.

    Attributes:
        scheme: ``http`` or ``https``.
        host: a name or an IP address, in lower case, without brackets.
        port: where it listens.
        target: the path and query.
        authority: host and port as the header ``Host`` has them.
    """

    scheme: str
    host: str
    port: int
    target: str
    authority: str


class RefusedError(Exception):
    """An address may not be connected to."""


def read(url: str) -> Target:
    """Return a URL, taken apart.

    Raises:
        RefusedError: it is none that can be connected to.
    """
    found = _FORM.fullmatch(url)
    if found is None or len(url) > URL_MOST:
        raise RefusedError(
            "Expected a URL as in https://example.com/path, in ASCII, without a user or fragment."
        )
    scheme, host = found["scheme"].lower(), found["host"].lower()
    if scheme not in {"http", "https"}:
        raise RefusedError(f"Expected https, got {scheme!r}.")
    default = {"http": 80, "https": 443}[scheme]
    port = default if found["port"] is None else int(found["port"])
    if not 0 < port < 2**16:
        raise RefusedError(f"Expected a port of 1 to 65535, got {port}.")
    plain = host.strip("[]").removesuffix(".")
    if not host.startswith("["):
        _check_name(plain)
    elif _ip(plain) is None:
        raise RefusedError(f"Expected an IPv6 address in brackets, got {host!r}.")
    target = found["target"] or "/"
    target = target if target.startswith("/") else f"/{target}"
    bare = f"[{plain}]" if host.startswith("[") else plain
    authority = bare if port == default else f"{bare}:{port}"
    return Target(scheme, plain, port, target, authority)


def faults(url: str, *, allow_http: bool, allow_private: bool) -> list[Fault]:
    """Return why nothing is to be sent to a URL, as far as it says so itself."""
    try:
        target = read(url)
        if not allow_private:
            _check_outside(target.host)
    except RefusedError as error:
        return [_fault(str(error))]
    if target.scheme == "http" and not allow_http:
        return [_fault("Expected https, got http.")]
    return []


def _fault(message: str) -> Fault:
    return Fault("url", message, code="refused_url")


def check_public(address: str) -> None:
    """Refuse an IP address that is not public.

    Raises:
        RefusedError: it is not.
    """
    ip = _ip(address)
    if ip is None or not _is_public(ip):
        raise RefusedError("The address is not public.")


def _check_outside(host: str) -> None:
    if _ip(host) is not None:
        check_public(host)
    elif host in _INSIDE or host.endswith(tuple(f".{one}" for one in _INSIDE)) or "." not in host:
        raise RefusedError("The name means something only inside of a network.")


def _check_name(host: str) -> None:
    """Refuse what is no name, and what other programs would take for a number."""
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise RefusedError(f"Expected the name of a host, got {host!r}.")
    if _NUMBER.fullmatch(labels[-1]) and _ip(host) is None:
        raise RefusedError(f"Expected an IPv4 address as in 192.0.2.1, got {host!r}.")


def _ip(text: str) -> IP | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_public(ip: IP) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour
        if inside is None and ip in _TRANSLATED:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if ip.scope_id is not None:
            return False
        if inside is not None:
            return _is_public(inside)
    return (
        ip.is_global
        and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
        and not any(ip in network for network in _NOT_PUBLIC if network.version == ip.version)
    )
