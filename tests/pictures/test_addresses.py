"""Which addresses may be fetched, case by case."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.errors import FetchRefusedError
from shoplens.pictures.addresses import Door, is_never, is_public

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8"]
NOT_PUBLIC = [
    "127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::808:808", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1", "100::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "5f00::1",
    "4000::1", "", "localhost", "8.8.8", "08.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)
    Door().check_addresses("shop.example", [address])


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_all_others_are_not(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(FetchRefusedError):
        Door().check_addresses("shop.example", [address])
    with pytest.raises(FetchRefusedError):
        Door().check_addresses("shop.example", ["8.8.8.8", address])  # one is enough
    with pytest.raises(FetchRefusedError):
        Door().check_addresses("shop.example", [address, "8.8.8.8"])


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_no_way_of_writing_an_address_opens_the_door(four: ipaddress.IPv4Address) -> None:
    """Every IPv6 form that leads to an IPv4 address is as closed as that address, or closed altogether."""
    number = int(four)
    assert is_public(f"::ffff:{four}") == is_public(str(four))
    for prefix in ("::", "64:ff9b::", "64:ff9b:1::", "2002::"):
        base = int(ipaddress.IPv6Address(prefix))
        shift = 80 if prefix == "2002::" else 0
        assert not is_public(str(ipaddress.IPv6Address(base | number << shift)))
    if not four.is_global:
        assert not is_public(str(four))


def test_own_networks_can_be_opened_but_for_what_never_is_a_shop() -> None:
    door = Door(allow_private=True, ports=None)
    for address in ("127.0.0.1", "10.0.0.5", "fd00::1", "192.168.1.1", "8.8.8.8"):
        door.check_addresses("shop.local", [address])
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "nonsense"):
        assert is_never(address)
        with pytest.raises(FetchRefusedError):
            door.check_addresses("shop.local", [address])


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/a.jpg", "http://shop.example:8080/a.jpg", "HTTPS://SHOP.example/ü.jpg?x=1#y",
        "https://xn--fiqs8s.example/", "http://[2606:4700::1111]/a.jpg", "https://shop.example:8443",
    ],
)  # fmt: skip
def test_plain_web_addresses_are_accepted(url: str) -> None:
    Door().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://shop.example/a", "gopher://127.0.0.1:11211/_stats", "//shop.example/a", "a.jpg",
        "http:/127.0.0.1", "http://", "http:///a", "http://user:pw@shop.example/", "http://user@shop.example/",
        "http://@shop.example/", "http://shop.example:22/", "http://shop.example:0/", "http://shop.example:99999/",
        "http://shop.example:x/", "http://shop.example/a b", "http://shop.example/\r\nHost: x", "http://shop.example\\@x/",
        "http://[::1/", "data:image/png;base64,AAAA", "javascript:alert(1)", "http://shop.example/" + "a" * 5000, "",
    ],
)  # fmt: skip
def test_all_others_are_refused(url: str) -> None:
    with pytest.raises(FetchRefusedError) as caught:
        Door().check_url(url)
    assert "pw" not in str(caught.value)  # a password does not end up in logs


def test_ports_can_be_configured() -> None:
    Door(ports={9000}).check_url("http://shop.example:9000/")
    with pytest.raises(FetchRefusedError):
        Door(ports={9000}).check_url("http://shop.example/")
