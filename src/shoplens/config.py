"""Settings: one frozen, typed tree. Sources, the first wins: arguments, SHOPLENS_* variables, shoplens.toml.

``shoplens.toml`` is looked for in the shop's folder, then in the working folder. A nested setting is reached by two
underscores: ``SHOPLENS_SERVER__PORT=9000``.
"""

from __future__ import annotations

import os
import re
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shoplens.core.rates import parse_rate
from shoplens.errors import ConfigError, QueryError

FILE = "shoplens.toml"
SECRET = "key"
"""Settings with this in their name are never told with their value, not even misspelt ones."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PictureLimits(_Part):
    """What a picture may cost."""

    max_bytes: int = Field(20_000_000, ge=1_000, description="largest picture file, in bytes")
    max_pixels: int = Field(50_000_000, ge=10_000, description="largest picture, in pixels")
    timeout_s: float = Field(5.0, gt=0, description="longest time one picture may take to decode, in seconds")
    photo_s: float = Field(
        0.6, gt=0, description="most processor time that decoding the photos of one query may take, in seconds"
    )
    workers: int = Field(0, ge=0, le=64, description="decode processes; 0 for one per core")
    allow_private_addresses: bool = Field(
        False, description="fetch pictures from addresses that are not public (own network only)"
    )


class SearchSettings(_Part):
    """How candidates are found and put in order."""

    depth: int = Field(200, ge=10, le=5_000, description="candidates taken from each source")
    semantic_ratio: float = Field(0.5, ge=0, le=1, description="weight of vectors against words as written, 0 to 1")
    threads: int = Field(1, ge=1, le=64, description="threads that encode one query")
    batch: int = Field(
        1,
        ge=1,
        le=64,
        description="queries whose words or photo are encoded in one call at most, where several come at once; for "
        "large encoders. 1: each alone, which is as fast with the bundled one (ADR 0023)",
    )
    query_log: Path | None = Field(
        None,
        description="queries and how often each was asked, which suggestions go by, too: a file (CSV or TSV), "
        "or the folder of a shop's own log (setting query_log)",
    )


class QueryLogSettings(_Part):
    """A log of what is searched, for merchandisers; off unless a shop turns it on (docs/reference/query-log.md)."""

    enabled: bool = Field(False, description="keep a log of queries in the shop's folder, without addresses")
    days: int = Field(30, ge=1, le=3_650, description="days after which the log of a day is removed")


class JudgeSettings(_Part):
    """A language model that judges hits (`shoplens judge`); nothing is sent anywhere else."""

    base_url: str = Field("", description="an OpenAI-compatible service that judges, such as http://127.0.0.1:8080/v1")
    model: str = Field("", description="name of the model that judges")
    api_key: SecretStr = Field(SecretStr(""), description="key of that service; never shown or logged")
    pictures: bool = Field(False, description="send the product's picture too; the model must read pictures")
    parallel: int = Field(4, ge=1, le=32, description="judgements asked for at once")
    timeout_s: float = Field(60.0, gt=0, le=600, description="longest time one judgement may take, in seconds")
    retries: int = Field(3, ge=0, le=10, description="times a judgement is asked for again when the service fails")
    price_in: float = Field(0.0, ge=0, description="price of a million tokens that are sent; 0 where it is not known")
    price_out: float = Field(0.0, ge=0, description="price of a million tokens that come back; 0 where it is not known")


class ServerSettings(_Part):
    """The HTTP service."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="port to listen on; 0 for any free one")
    max_body_bytes: int = Field(32_000_000, ge=1_000, description="largest request body, in bytes")
    body_timeout_s: float = Field(30.0, gt=0, description="longest time for a request's body to arrive, in seconds")
    max_waiting: int = Field(64, ge=1, description="requests that may wait; past that the answer is 429")
    cors_origins: tuple[str, ...] = Field((), description="origins that may call from a browser")
    drain_s: float = Field(
        1.0, ge=0, le=300, description="seconds between the signal to stop (/readyz is 503 from then) and its last call"
    )
    stop_s: float = Field(
        10.0, ge=0, le=300, description="longest time for what is under way to be answered after that, in seconds"
    )
    keys: Literal["off", "writes", "all"] = Field(
        "writes",
        description="who needs a key (shoplens key create): writes: who changes something; all: everybody but for "
        "health, pictures and the API's description; off: nobody is asked, and nothing can be changed over HTTP",
    )
    rules_writable: bool = Field(
        False,
        description="whether merchandising rules may be changed over HTTP without a key (unless keys is all); whoever "
        "reaches the address then may",
    )


class GuardSettings(_Part):
    """What the HTTP service asks of who calls it, and how long it bears with whom (docs/howto/keys.md)."""

    trusted_proxies: tuple[str, ...] = Field(
        (), description="addresses or networks (10.0.0.0/8) whose X-Forwarded-For and X-Forwarded-Proto are believed"
    )
    trusted_hosts: tuple[str, ...] = Field(
        (),
        description="names by which the service may be asked (shop.example, *.shop.example), others get 421; if empty "
        "it answers to any, and tells none of them to others",
    )
    rate_per_address: str = Field(
        "", description="how often one address may search or write without a key: 20/s, 600/min, 1000/h; empty for ever"
    )
    rate_per_key: str = Field("", description="the same for a key that has no rate of its own")
    timeout_s: float = Field(
        40.0, gt=0, le=3_600, description="longest time a search may take in all, in seconds; then the answer is 504"
    )
    max_wait_ms: float = Field(
        30.0,
        gt=0,
        description="longest a request is let wait for its turn while more come than can be answered, in ms; two "
        "to four times that in a burst; two turns, or ten to twenty, where turns are long",
    )
    header_timeout_s: float = Field(10.0, gt=0, description="longest time for a request's head to arrive, in seconds")
    write_timeout_s: float = Field(
        20.0, gt=0, description="longest time a client may take no byte of its answer, in seconds; then it is cut off"
    )
    hsts_s: int = Field(
        0, ge=0, description="seconds for which browsers shall ask by https only; 0 where the service has no https"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            ip_network(one, strict=False)
        return given

    @field_validator("trusted_hosts")
    @classmethod
    def _names(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            if not re.fullmatch(r"(\*\.)?[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", one):
                raise ValueError(f"{one!r} is no name of a host, such as shop.example or *.shop.example")
        return tuple(one.lower().rstrip(".") for one in given)

    @field_validator("rate_per_address", "rate_per_key")
    @classmethod
    def _rate(cls, given: str) -> str:
        try:
            return str(parse_rate(given) or "")
        except QueryError as error:
            raise ValueError(f"{error.message}: {error.hint}") from error


class AgentSettings(_Part):
    """What shop agents may ask (docs/howto/agents.md)."""

    ucp: bool = Field(True, description="answer /.well-known/ucp and /ucp/catalog/...: search, look-up, one product")
    mcp: bool = Field(False, description="answer /mcp, the Model Context Protocol over HTTP (extra: mcp)")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$",
        description="the service's address as agents reach it, https://shop.example/lens; if empty, the name they "
        "ask by where guard.trusted_hosts has it, else addresses without one",
    )


class UploadSettings(_Part):
    """What is kept of photos that shoppers search with (docs/howto/uploads.md)."""

    keep_hours: float = Field(
        0.0,
        ge=0,
        le=8_760,
        description="hours for which photos of queries over HTTP are kept, encrypted; 0: not at all",
    )
    key: SecretStr = Field(
        SecretStr(""), description="key that encrypts them: 32 bytes in base64; never shown or logged"
    )
    key_file: Path | None = Field(None, description="file with that key, which goes before uploads.key")
    blur_faces: bool = Field(False, description="make faces on what is kept unrecognisable; needs uploads.face_model")
    face_model: Path | None = Field(
        None, description="face detector: the file of YuNet (ONNX), which does not come with ShopLens"
    )


class JobSettings(_Part):
    """Imports of feeds and other work that outlasts a request (docs/howto/jobs.md)."""

    feeds: Path | None = Field(
        None, description="folder whose feeds may be imported over HTTP by their path in it; none if not set"
    )
    feed_hosts: tuple[str, ...] = Field(
        (), description="hosts from which feeds may be imported over HTTP by their address; none if empty"
    )
    max_feed_bytes: int = Field(2_000_000_000, ge=1_000, description="largest feed that is sent or fetched, in bytes")
    days: int = Field(30, ge=1, le=3_650, description="days after which a job that is over is forgotten")


class ObserveSettings(_Part):
    """What an operator sees of the service (docs/howto/observe.md)."""

    access_log: bool = Field(True, description="write a line for each request, without what was asked")
    log_level: Literal["debug", "info"] = Field(
        "info", description="what the log tells; debug: requests for pictures and for the pages' files, too"
    )
    log_queries: bool = Field(
        False, description="write what was asked by GET into these lines, too; shoppers' words are personal data"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="lines of the log: text for people, json (one object a line) for machines"
    )
    metrics_address: str = Field(
        "",
        description="HOST:PORT on which metrics are told without a key, beside /metrics of the service itself, which "
        "needs one with the scope admin; empty for none",
    )
    recall_every: int = Field(
        200, ge=0, description="of so many searches one is answered exactly, too, to watch recall; 0 for none"
    )

    traces_url: str = Field(
        "",
        pattern=r"^(https?://[^\s]+)?$",
        description="where traces of requests are sent by OTLP over HTTP (extra: otel), such as "
        "http://127.0.0.1:4318/v1/traces; empty for nowhere",
    )
    traces_share: float = Field(
        1.0, ge=0, le=1, description="share of the requests that are traced, of those that bring no trace of their own"
    )

    @field_validator("metrics_address")
    @classmethod
    def _address(cls, given: str) -> str:
        host, colon, port = given.rpartition(":")
        if given and not (colon and host and port.isdigit() and int(port) < 65_536):
            raise ValueError("this is no HOST:PORT, such as 127.0.0.1:9100")
        return given


class Config(BaseSettings):
    """All settings of a shop."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="SHOPLENS_", env_nested_delimiter="__", case_sensitive=False
    )

    shop: Path = Field(Path("shop"), description="the shop's folder")
    store_url: str = Field("", description="database of the shop; empty for SQLite in the shop's folder")
    encoder: str = Field(
        "bundled",
        description="encoder to use, until the shop is switched to another one (shoplens encoder switch): "
        "bundled, onnx:FOLDER, open_clip:MODEL, transformers:MODEL or timm:MODEL",
    )
    currency: str = Field("", description="currency of feeds that name none (ISO 4217)")
    fill_attributes: bool = Field(
        True, description="tell kind, colour, material and pattern from pictures, where a feed says nothing of them"
    )
    pictures: PictureLimits = PictureLimits()
    search: SearchSettings = SearchSettings()
    server: ServerSettings = ServerSettings()
    guard: GuardSettings = GuardSettings()
    observe: ObserveSettings = ObserveSettings()
    query_log: QueryLogSettings = QueryLogSettings()
    judge: JudgeSettings = JudgeSettings()
    agents: AgentSettings = AgentSettings()
    jobs: JobSettings = JobSettings()
    uploads: UploadSettings = UploadSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment; the file is merged beneath both by ``load``."""
        return init_settings, env_settings

    @classmethod
    def load(cls, shop: Path | str | None = None, **overrides: Any) -> Config:
        """Settings from arguments, environment and file.

        Raises:
            ConfigError: an unknown setting, a value of the wrong kind, or a file that is no TOML.
        """
        if shop is None:
            shop = overrides.pop("shop", None) or os.environ.get("SHOPLENS_SHOP") or Path("shop")
        folder = Path(shop)
        path, from_file = _read_file(folder)
        from_file.pop("shop", None)
        try:
            own = cls(shop=folder, **overrides)
            chosen = own.model_dump(exclude_unset=True)
            return cls.model_validate(_merge(from_file, chosen))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            where = f"setting {name}" + (f" (perhaps in {path})" if path else "")
            got = "a value that is not shown" if SECRET in name.lower() else repr(first.get("input"))
            raise ConfigError(
                f"{first['msg']}, got {got}",
                where=where,
                hint="docs/reference/config.md lists all settings",
            ) from error


def _read_file(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    for path in (folder / FILE, Path(FILE)):
        try:
            return path, tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            continue
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"not a TOML file: {error}", where=str(path), hint="mend or remove it") from error
        except OSError as error:
            raise ConfigError(
                error.strerror or str(error), where=str(path), hint="make it readable or remove it"
            ) from error
    return None, {}


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    out = dict(below)
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(out.get(name), dict):
            out[name] = _merge(out[name], value)
        else:
            out[name] = value
    return out
