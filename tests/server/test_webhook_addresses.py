"""A webhook may be at a public address, however that is written, and the one that was judged."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest

from server.webhooks import Outcome, Poster, url_faults
from server.webhooks.addresses import RefusedError, check_public, read
from tests.server.receiver import Receiver

REFUSED = [
    # what is not spoken here
    "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd",
    "gopher://example.com/", "javascript:alert(1)", "https:example.com", "https:///path",
    "http://example.com/",
    # loopback, written as people and attackers do
    "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/",
    "https://127.0.0.1/", "https://127.0.0.1./", "https://127.255.255.254/", "https://127.1/",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
    "https://017700000001/", "https://127.0.0.0x1/", "https://127.000.000.001/", "https://0/",
    "https://0.0.0.0/", "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/",
    # private, shared, link-local and metadata
    "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/",
    "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data/", "https://169.254.0.1/",
    "https://100.100.100.200/", "https://168.63.129.16/", "https://192.0.0.192/",
    "https://metadata.google.internal/", "https://intranet/", "https://printer.local/",
    "https://router.lan/", "https://nas.home.arpa/", "https://[fe80::1]/", "https://[fc00::1]/",
    "https://[fd00:ec2::254]/", "https://[fec0::1]/",
    # for nobody, for many, or for documents
    "https://224.0.0.1/", "https://255.255.255.255/", "https://240.0.0.1/", "https://192.0.2.1/",
    "https://198.51.100.1/", "https://203.0.113.1/", "https://198.18.0.1/", "https://[ff02::1]/",
    "https://[2001:db8::1]/", "https://[100::1]/",
    # IPv4 inside of IPv6
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::ffff:10.0.0.1]/",
    "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::]/",
    "https://[2001:0:7f00:1::]/", "https://[fe80::1%25eth0]/", "https://[::1",
    # one reader's host is another's user, path or nothing
    "https://example.com@127.0.0.1/", "https://user:password@example.com/",
    "https://example.com\\@127.0.0.1/", "https://127.0.0.1\\.example.com/",
    "https://example.com#@127.0.0.1/", "https://example.com/a b", "https://example.com/\r\nHost: x",
    "https://example.com/\x00", "https://\uff11\uff12\uff17.0.0.1/", "https://ⓔxample.com/", "https://exämple.com/",
    "https://127。0。0。1/", "https://example.com:0/", "https://example.com:65536/",
    "https://example.com:+80/", "https://example.com:/", "https://.example.com/", "https://a..b/",
    "https://-a.example.com/", "https://example.com/" + "a" * 2_048, " https://example.com/",
]  # fmt: skip

TAKEN = [
    "https://example.com", "https://example.com/", "HTTPS://EXAMPLE.COM/Path?q=1&r=%20",
    "https://example.com:8443/hook", "https://xn--exmple-cua.com/", "https://a_b.example.com/",
    "https://8.8.8.8/", "https://[2001:4860:4860::8888]/", "https://example.com?q=1",
    "https://127.0.0.1.example.com/", "https://localhost.example.com/", "https://1.example.com/",
    "https://[::ffff:8.8.8.8]/", "https://[64:ff9b::808:808]/", "https://172.32.0.1/",
    "https://172.15.255.255/", "https://100.63.255.255/", "https://100.128.0.1/",
    "https://example.com/" + "a" * 2_028,
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_not_public_is_refused(url: str) -> None:
    faults = url_faults(url, allow_http=False, allow_private=False)

    assert [(fault.path, fault.code) for fault in faults] == [("url", "refused_url")]


@pytest.mark.parametrize("url", TAKEN)
def test_what_is_public_is_taken(url: str) -> None:
    assert url_faults(url, allow_http=False, allow_private=False) == []


def test_there_are_forms_enough() -> None:
    assert len(set(REFUSED)) >= 80


def test_the_operator_may_allow_both() -> None:
    assert url_faults("http://127.0.0.1:8000/", allow_http=True, allow_private=True) == []
    assert url_faults("http://127.0.0.1:8000/", allow_http=True, allow_private=False)
    assert url_faults("http://127.0.0.1:8000/", allow_http=False, allow_private=True)
    assert url_faults("https://2130706433/", allow_http=True, allow_private=True)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://EXAMPLE.com.", ("https", "example.com", 443, "/", "example.com")),
        ("http://example.com:80", ("http", "example.com", 80, "/", "example.com")),
        ("https://example.com:80/a?b", ("https", "example.com", 80, "/a?b", "example.com:80")),
        ("https://a.b?c=/d", ("https", "a.b", 443, "/?c=/d", "a.b")),
        ("https://[2001:48::1]:8443/", ("https", "2001:48::1", 8443, "/", "[2001:48::1]:8443")),
    ],
)  # fmt: skip
def test_a_url_is_taken_apart_once(url: str, parts: tuple[object, ...]) -> None:
    found = read(url)

    assert (found.scheme, found.host, found.port, found.target, found.authority) == parts


@pytest.mark.parametrize("network", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                     "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"])  # fmt: skip
def test_a_network_is_refused_from_its_first_address_to_its_last(network: str) -> None:
    inside = ipaddress.IPv4Network(network)
    for one in (inside[0], inside[-1]):
        with pytest.raises(RefusedError):
            check_public(str(one))
        with pytest.raises(RefusedError):
            check_public(f"::ffff:{one}")
    for one in (inside[0] - 1, inside[-1] + 1):
        if one.is_global:
            check_public(str(one))


class Names:
    """A resolver that answers otherwise each time, as one does that wants in."""

    def __init__(self, *answers: list[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self._answers.pop(0)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::ffff:127.0.0.1"],
     ["fe80::1%eth0"], ["169.254.169.254"], ["not an address"]],
    ids=",".join,
)  # fmt: skip
def test_a_name_that_means_a_private_address_is_not_connected_to(addresses: list[str]) -> None:
    names = Names(addresses)

    async def post() -> None:
        poster = Poster(resolve=names)
        outcome = await poster.post("https://example.com:9/", b"{}", {})
        await poster.close()
        assert outcome.status is None
        assert outcome.error == "The address is not public."

    asyncio.run(post())
    assert names.asked == [("example.com", 9)]


def test_the_address_that_was_judged_is_the_one_that_is_connected_to() -> None:
    names = Names(["127.0.0.1"], ["10.255.255.1"])  # the second answer is never asked for
    with Receiver() as receiver:
        url = f"http://hook.example.com:{receiver.port}/a?b=c"
        outcome = _post(url, Poster(resolve=names, allow_private=True))

    assert (outcome.status, outcome.error) == (204, None)
    assert names.asked == [("hook.example.com", receiver.port)]
    assert receiver.sent[0].head.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert receiver.sent[0].headers["host"] == f"hook.example.com:{receiver.port}"


def _post(url: str, poster: Poster) -> Outcome:
    async def post() -> Outcome:
        outcome = await poster.post(url, b"{}", {})
        await poster.close()
        return outcome

    return asyncio.run(post())


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 302,
         "It was answered with 302."),
        (b"HTTP/1.1 500 No\r\nContent-Length: 99999999\r\n\r\nonly this", 500,
         "It was answered with 500."),
        (b"HTTP/1.1 199 Odd\r\nContent-Length: 0\r\n\r\n", None, "There was no answer in time."),
        (b"HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n", 299, None),
        (b"SSH-2.0-x\r\n", None, "The connection ended, or what was answered was not HTTP."),
        (b"", None, "The connection ended, or what was answered was not HTTP."),
        (None, None, "There was no answer in time."),
    ],
)  # fmt: skip
def test_whatever_a_receiver_answers_is_told_and_ends_in_time(
    answer: bytes | None, status: int | None, said: str | None
) -> None:
    holds = answer is not None and b" 199 " in answer  # which says that more is to come
    with Receiver(lambda _: answer, holds=holds) as receiver:
        outcome = _post(receiver.url, Poster(allow_private=True, total_s=0.5))

    assert (outcome.status, outcome.error) == (status, said)
    assert len(receiver.sent) == 1


def test_who_cannot_be_connected_to_or_looked_up_is_told() -> None:
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    with Receiver() as receiver:
        pass
    gone = _post(receiver.url, Poster(allow_private=True))
    lost = _post("https://example.com/", Poster(resolve=nobody))

    assert gone.error == "It could not be connected to."
    assert lost.error == "The name of the host has no address."
