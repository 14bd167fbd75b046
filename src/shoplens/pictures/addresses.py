"""Which addresses and URLs may be fetched: the rules of the guard against server-side request forgery, as pure code."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from shoplens.errors import FetchRefusedError

PORTS = frozenset({80, 443, 8080, 8443})
MAX_URL = 4096

_V6_UNICAST = ipaddress.ip_network("2000::/3")
# Parts of 2000::/3 that lead to IPv4 addresses (6to4, Teredo), to nowhere, or are not for the public.
_V6_REFUSED = tuple(
    ipaddress.ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
_V4_REFUSED = tuple(
    ipaddress.ip_network(net)
    for net in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24")
)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public net that a shop's pictures can lie at.

    IPv4: global unicast by the IANA registry. IPv6: of 2000::/3 only, so that loopback, link-local, unique-local,
    multicast, and every form that embeds or translates to IPv4 (::/96, ::ffff:0:0/96 but for public addresses,
    64:ff9b::/96, 64:ff9b:1::/48, 2002::/16, 2001::/32) is out. What does not parse is not public.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.scope_id is not None or ip not in _V6_UNICAST or any(ip in net for net in _V6_REFUSED):
            return False
        return ip.is_global and not ip.is_multicast
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in net for net in _V4_REFUSED)


def is_never(address: str) -> bool:
    """Whether not even a shop on its own network may be fetched from it: link-local (where clouds keep their
    credentials), multicast, unspecified."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return True
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return is_never(str(ip.ipv4_mapped))
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified


@dataclass(frozen=True, slots=True)
class Door:
    """Which addresses and ports stand open.

    ``allow_private`` is for tests and shops on their own network only. ``ports`` None: any port.
    """

    allow_private: bool = False
    ports: Collection[int] | None = PORTS

    def check_url(self, url: str) -> None:
        """Raises FetchRefusedError unless the URL is plain http(s) to an allowed port, without credentials."""
        if len(url) > MAX_URL:
            raise _refused(url[:80] + "...", f"an address of more than {MAX_URL} characters")
        if any(ord(letter) < 33 or letter in "\\\x7f" for letter in url):
            raise _refused(repr(url), "an address with spaces or control characters")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as problem:
            raise _refused(url, f"not an address: {problem}") from problem
        if parts.scheme not in ("http", "https"):
            raise _refused(url, f"{parts.scheme or 'no scheme'} instead of http or https")
        if parts.username is not None or parts.password is not None or "@" in parts.netloc:
            raise _refused(url.replace(parts.netloc, "...", 1), "an address with a user name or password in it")
        if not host:
            raise _refused(url, "an address without a host")
        port = port if port is not None else (443 if parts.scheme == "https" else 80)
        if self.ports is not None and port not in self.ports:
            raise _refused(url, f"port {port} (allowed: {', '.join(map(str, sorted(self.ports)))})")

    def check_addresses(self, host: str, addresses: Collection[str]) -> None:
        """Raises FetchRefusedError when any address that a host name stands for may not be connected to."""
        for address in addresses:
            if is_never(address) or not (self.allow_private or is_public(address)):
                raise _refused(host, f"it stands for {address}, which is not a public address")


def _refused(where: str, why: str) -> FetchRefusedError:
    return FetchRefusedError(
        f"this address may not be fetched: {why}", where=where, hint="give a public http(s) address, or the file itself"
    )
