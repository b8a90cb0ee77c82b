"""Where files may come from, and how an address may be spelt."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import OriginRefused
from proxy.upstream.origins import Origins, follow, origin_of, public, split_credentials

INDEX = "https://index.example/simple/"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://files.example", "https://files.example"),
        ("https://files.example/a/b.whl#sha256=00", "https://files.example"),
        ("HTTPS://Files.EXAMPLE:443/a", "https://files.example"),
        ("http://files.example:80/", "http://files.example"),
        ("https://files.example:8443/", "https://files.example:8443"),
        ("https://files.example?x=1", "https://files.example"),
        ("http://my_index:3141/root/", "http://my_index:3141"),
        ("http://10.0.0.8:8080/x", "http://10.0.0.8:8080"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_has_one_text(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "files.example/a",
        "//files.example/a",
        "file:///etc/passwd",
        "ftp://files.example/a",
        "data:text/html,x",
        "javascript:alert(1)",
        "https:files.example",
        "https:/files.example/",
        "https:///files.example/",
        "https://user@files.example/",
        "https://user:secret@files.example/",
        "https://files.example@evil.example/",
        "https://files.example:443@evil.example/",
        "https://files.example\\@evil.example/",
        "https:\\\\files.example\\",
        "https://files.example\\.evil.example/",
        "https://files.example\t/",
        "https://fi\tles.example/",
        "https://files.example\n/",
        " https://files.example/",
        "https://files.example/ ",
        "https://files.example/\x00",
        "https://files.example/\x7f",
        "https://files\uff0eexample/",
        "https://\uff46iles.example/",
        "https://files.example\u3002/",
        "https://b\u00fccher.example/",
        "https://files.example/\u00e4",
        "https://files.example./",
        "https://.files.example/",
        "https://files..example/",
        "https://-files.example/",
        "https://files.example:/",
        "https://files.example:0/",
        "https://files.example:080/",
        "https://files.example:65536/",
        "https://files.example:99999/",
        "https://files.example:4x/",
        "https://files%2eexample/",
        "https://127.0.0.1%00.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://files.example/" + "a" * 5000,
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0x/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.1./",
        "http://127.0.0.0x1/",
        "http://256.0.0.1/",
        "http://1.2.3.4.5/",
        "http://0/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::0001]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1/",
        "http://::1/",
        "http://[v1.x]/",
        "http://[127.0.0.1]/",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(OriginRefused) as caught:
        origin_of(url)
    assert caught.value.origin == ""


@given(st.text(max_size=60))
def test_any_text_is_either_an_origin_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"http://{text}/x"):
        try:
            origin = origin_of(url)
        except OriginRefused:
            continue
        assert origin.isascii()
        assert origin == origin.lower()
        assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1",
        "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a00:1::", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_special_addresses_are_not_public(address: str) -> None:
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "151.101.0.223", "2a04:4e42::223", "64:ff9b::101:101"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert public(ipaddress.ip_address(address))


def test_a_file_may_come_from_an_allowed_origin_only() -> None:
    origins = Origins(INDEX, lambda: {"https://files.example"})
    assert origins.check("https://files.example/a.whl") == "https://files.example"
    for url in (
        "https://evil.example/a.whl",
        "https://files.example:8443/a.whl",
        "http://files.example/a.whl",
    ):
        with pytest.raises(OriginRefused) as caught:
            origins.check(url)
        assert url.startswith(caught.value.origin + "/")


def test_what_is_allowed_is_asked_each_time() -> None:
    allowed: set[str] = set()
    origins = Origins(INDEX, lambda: allowed)
    with pytest.raises(OriginRefused):
        origins.check("https://files.example/a.whl")
    allowed.add("https://files.example")
    origins.check("https://files.example/a.whl")


def test_an_allowed_origin_without_tls_is_refused_when_the_index_has_tls() -> None:
    allowed = {"http://files.example"}
    with pytest.raises(OriginRefused, match="https"):
        Origins(INDEX, lambda: allowed).check("http://files.example/a.whl")
    Origins("http://index.example/simple/", lambda: allowed).check("http://files.example/a.whl")


def test_an_inner_address_is_refused_even_when_it_was_allowed() -> None:
    allowed = {"https://10.0.0.8", "https://files.example"}
    origins = Origins("https://1.1.1.1/simple/", lambda: allowed)
    with pytest.raises(OriginRefused, match="inside"):
        origins.check("https://10.0.0.8/a.whl")


def test_an_index_inside_may_lead_to_allowed_origins_inside() -> None:
    origins = Origins("http://127.0.0.1:3141/simple/", lambda: {"http://10.0.0.8"})
    assert origins.check("http://10.0.0.8/a.whl")
    with pytest.raises(OriginRefused):
        origins.check("http://10.0.0.9/a.whl")


def test_a_name_that_resolves_inside_is_refused_when_the_index_is_public() -> None:
    origins = Origins(INDEX, lambda: {"https://files.example"})
    good, inner = ipaddress.ip_address("1.1.1.1"), ipaddress.ip_address("169.254.169.254")
    assert origins.reachable("index.example", 443, [good]) == [good]
    assert origins.reachable("files.example", 443, [inner, good]) == [good]
    with pytest.raises(OriginRefused):
        origins.reachable("files.example", 443, [inner])


def test_a_later_answer_of_the_name_server_does_not_move_the_index_inside() -> None:
    origins = Origins(INDEX, lambda: {"https://files.example"})
    good, inner = ipaddress.ip_address("1.1.1.1"), ipaddress.ip_address("10.0.0.1")
    origins.reachable("index.example", 443, [good])
    origins.reachable("index.example", 443, [inner])
    with pytest.raises(OriginRefused):
        origins.reachable("files.example", 443, [inner])


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/simple/flask/", "https://index.example/simple/flask/"),
        ("../Flask/", "https://index.example/simple/Flask/"),
        ("//evil.example/x", "https://evil.example/x"),
        ("https://index.example/other#part", "https://index.example/other"),
    ],
)
def test_a_redirect_is_resolved(location: str, url: str) -> None:
    assert follow("https://index.example/simple/flask/", location) == url


@pytest.mark.parametrize("location", ["", "https://index.ex\tample/", "/\u00e4", "\\\\evil.example", "http://[::1"])
def test_a_redirect_to_what_is_no_url_is_refused(location: str) -> None:
    with pytest.raises(OriginRefused):
        follow("https://index.example/simple/flask/", location)


def test_credentials_are_taken_out_of_the_index_url() -> None:
    assert split_credentials("https://me:p%40ss:w@index.example/simple/") == (INDEX, ("me", "p@ss:w"))
    assert split_credentials(INDEX) == (INDEX, None)
    assert split_credentials("https://index.example/@x/") == ("https://index.example/@x/", None)
