"""No secret stands in a log, wherever in an event it was."""

from __future__ import annotations

import logging
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from shoplens.config import ObserveSettings
from shoplens.core.keys import spelt
from shoplens.core.secrets import mask_event, masked
from shoplens.server.settling import set_log

_id = st.text("0123456789abcdef", min_size=12, max_size=12)
_secret = st.binary(min_size=32, max_size=32)
_around = st.text(" ,.;:=/\"'{}[]<>\nabcXYZ黑", max_size=12)


def secret_part(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


@given(_id, _secret, _around, _around)
def test_a_key_keeps_its_id_and_nothing_else(key_id: str, secret: bytes, before: str, after: str) -> None:
    text = f"{before}{spelt(key_id, secret)}{after}"
    got = masked(text)
    assert secret_part(secret)[:8] not in got
    assert f"sl_{key_id}_***" in got


@given(_id, _secret, st.sampled_from(["event", "headers", "url", "error", "deep", "bytes", "pair"]))
def test_no_event_tells_a_secret(key_id: str, secret: bytes, where: str) -> None:
    key = spelt(key_id, secret)
    values: dict[str, Any] = {
        "event": f"asked with {key}",
        "headers": {"Authorization": "Bearer other-kind-of-token", "x-api-key": key, "accept": "*/*"},
        "url": f"postgresql://shop:{secret_part(secret)}@db.example/shop?sslmode=require",
        "error": ValueError(f"refused: password={secret_part(secret)}"),
        "deep": [{"inner": ({"text": key},)}],
        "bytes": key.encode(),
        "pair": {"api_key": secret_part(secret), "rest": "Authorization: Basic " + secret_part(secret)},
    }
    told = str(mask_event(None, "info", {where: values[where]}))
    assert secret_part(secret) not in told
    assert "other-kind-of-token" not in told


@pytest.mark.parametrize(
    "text",
    [
        "a bearer bond",
        "https://shop.example/p?id=1",
        "http://user@host/x",
        "sl_short",
        "12:30@noon",
        "token of love",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@pytest.fixture
def log_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("log_as_before")
@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_log_of_a_service_has_no_secret(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    """Tracebacks and what the server itself logs, too."""
    key = spelt("ab" * 6, b"k" * 32)
    secret = secret_part(b"k" * 32)
    set_log(ObserveSettings.model_validate({"log_format": log_format}))
    log = structlog.get_logger("test")
    log.info("asked", authorization=f"Bearer {key}", url=f"https://a:{secret}@x.example")
    handler = logging.StreamHandler(sys.stderr)
    server = logging.getLogger("uvicorn.error")
    server.addHandler(handler)
    try:
        try:
            raise ValueError(f"no such key: {key}")
        except ValueError:
            log.exception("failed", where=key)
            server.exception("Exception in ASGI application for %s", key)
    finally:
        server.removeHandler(handler)
    told = capsys.readouterr().err
    assert secret not in told
    assert told.count(f"sl_{'ab' * 6}_***") >= 4
    assert "no such key" in told
    if log_format == "json":
        assert orjson.loads(told.splitlines()[0])["url"] == "https://a:***@x.example"
