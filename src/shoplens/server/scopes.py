"""Who may ask what: every route that exists, with the scope that a key must have for it. What is not here is refused.

Whoever adds a route adds its line; ``tests/edges/test_scopes.py`` turns red otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Need = Literal["public", "search", "catalogue", "admin"]
"""``public``: nobody is asked for a key, ever. ``search``: what shoppers do. ``catalogue``: what a shop's back office
reads and writes. ``admin``: keys, backups, what concerns the installation."""

SCOPES: Mapping[tuple[str, str], Need] = {
    # The page. Its first answer is a search; browsers fetch what belongs to it without a key.
    ("GET", "/"): "search",
    ("GET", "/p/{product_id:any_text}"): "search",
    ("GET", "/assets/{version}/{name}"): "public",
    ("GET", "/office/"): "public",
    ("GET", "/office/{place:path}"): "public",
    ("GET", "/widget.js"): "public",
    ("GET", "/docs"): "public",
    ("GET", "/v1/openapi.json"): "public",
    # Health
    ("GET", "/healthz"): "public",
    ("GET", "/readyz"): "public",
    ("GET", "/metrics"): "admin",
    # Searching
    ("GET", "/v1/search"): "search",
    ("POST", "/v1/search"): "search",
    ("GET", "/v1/suggest"): "search",
    ("POST", "/v1/crops"): "search",
    ("GET", "/v1/pictures/{picture}/heat"): "search",
    ("POST", "/v1/pictures/{picture}/heat"): "search",
    # Shop agents: read only.
    ("GET", "/.well-known/ucp"): "public",
    ("POST", "/ucp/catalog/search"): "search",
    ("POST", "/ucp/catalog/lookup"): "search",
    ("POST", "/ucp/catalog/product"): "search",
    ("POST", "/mcp"): "search",
    # Products. A picture is shown by <img>, which sends no key; its address is a hash that nobody guesses.
    ("GET", "/v1/products"): "search",
    ("GET", "/v1/products/{product_id:any_text}"): "search",
    ("GET", "/v1/pictures/{picture}"): "public",
    ("POST", "/v1/pictures"): "catalogue",
    ("GET", "/v1/catalogue"): "catalogue",
    ("POST", "/v1/products"): "catalogue",
    ("PATCH", "/v1/products"): "catalogue",
    ("POST", "/v1/products/delete"): "catalogue",
    ("PUT", "/v1/products/{product_id:any_text}"): "catalogue",
    ("PATCH", "/v1/products/{product_id:any_text}"): "catalogue",
    ("DELETE", "/v1/products/{product_id:any_text}"): "catalogue",
    ("GET", "/v1/similar"): "search",
    ("POST", "/v1/similar"): "search",
    ("GET", "/v1/facets"): "search",
    ("POST", "/v1/facets"): "search",
    # Encoders
    ("GET", "/v1/encoders"): "admin",
    ("POST", "/v1/encoders/build"): "admin",
    ("POST", "/v1/encoders/switch"): "admin",
    ("POST", "/v1/encoders/rollback"): "admin",
    ("DELETE", "/v1/encoders/spaces/{space:any_text}"): "admin",
    # Jobs
    ("POST", "/v1/jobs/import"): "catalogue",
    ("GET", "/v1/jobs"): "catalogue",
    ("GET", "/v1/jobs/{job_id}"): "catalogue",
    ("GET", "/v1/jobs/{job_id}/report"): "catalogue",
    ("POST", "/v1/jobs/{job_id}/pause"): "catalogue",
    ("POST", "/v1/jobs/{job_id}/resume"): "catalogue",
    ("POST", "/v1/jobs/{job_id}/cancel"): "catalogue",
    # How it does, and what would do better
    ("GET", "/v1/overview"): "admin",
    ("GET", "/v1/limits"): "admin",
    ("GET", "/v1/doctor"): "catalogue",
    ("GET", "/v1/changes"): "catalogue",
    ("GET", "/v1/queries"): "catalogue",
    ("POST", "/v1/compare"): "catalogue",
    ("POST", "/v1/compare/queries"): "catalogue",
    ("GET", "/v1/judgements"): "catalogue",
    ("POST", "/v1/judgements"): "catalogue",
    # Rules
    ("GET", "/v1/synonyms"): "catalogue",
    ("PUT", "/v1/synonyms/{rule_id}"): "catalogue",
    ("DELETE", "/v1/synonyms/{rule_id}"): "catalogue",
    ("GET", "/v1/rules"): "catalogue",
    ("GET", "/v1/rules/{rule_id}"): "catalogue",
    ("GET", "/v1/rules/{rule_id}/history"): "catalogue",
    ("POST", "/v1/rules/preview"): "catalogue",
    ("PUT", "/v1/rules/{rule_id}"): "catalogue",
    ("DELETE", "/v1/rules/{rule_id}"): "catalogue",
    ("POST", "/v1/rules/{rule_id}/restore"): "catalogue",
    # Keys
    ("GET", "/v1/keys"): "admin",
    ("POST", "/v1/keys"): "admin",
    ("DELETE", "/v1/keys/{key_id}"): "admin",
}
"""(method, path template) -> the scope that it needs."""

READS = frozenset({("POST", "/v1/rules/preview"), ("POST", "/v1/compare"), ("POST", "/v1/compare/queries")})
"""Of ``catalogue`` and ``admin`` those that change nothing although they are no GET."""

_KEPT = ("/v1/jobs", "/v1/doctor", "/v1/queries", "/v1/compare", "/v1/judgements")
PRIVATE = frozenset(
    key
    for key, need in SCOPES.items()
    if (key[0] == "GET" or key in READS) and need == "catalogue" and key[1].startswith(_KEPT)
)
"""Of ``catalogue`` what is read with a key only, wherever keys are asked for: addresses of feeds, rows that failed,
what shoppers have typed, and work that is not for everybody to order."""


def need_of(method: str, template: str) -> Need | None:
    """The scope of a route; None for one that nobody declared, which is refused. HEAD needs what GET needs."""
    return SCOPES.get(("GET" if method == "HEAD" else method, template))


def writes(method: str, template: str) -> bool:
    """Whether a route changes something."""
    return (
        method not in ("GET", "HEAD")
        and need_of(method, template) not in ("public", "search")
        and (method, template) not in READS
    )
