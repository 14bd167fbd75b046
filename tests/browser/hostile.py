"""A catalogue that means harm: every text of a product tries to be something else than text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.conftest import SmallShop

SCRIPT = "<script>alert('script')</script>"
HANDLER = "\"><img src=x onerror=\"alert('handler')\"><svg onload=alert('svg')>"
CLOSES = "</script></style></template></textarea></title><script>alert('closed')</script><!--"
TEMPLATE = "{{ 7 * 7 }} ${7 * 7} {% raw %} &lt;b&gt; &#60;i&#62;"
TURNED = "\u202eflow tfel\u202c \u2067\u05e9\u05dc\u05d5\u05dd \u200f\u061c"
LONG = "Donaudampfschifffahrtsgesellschaft" * 12
SIGNS = "\u2028\u2029\u200b\ufeff\U0001f469\u200d\U0001f469\u200d\U0001f467 Z\u0351\u0343\u036b\u033falgo"
TEXTS = {"script": SCRIPT, "handler": HANDLER, "closes": CLOSES, "template": TEMPLATE, "turned": TURNED, "long": LONG}
TEXTS["signs"] = SIGNS
LINKS = (
    "javascript:alert('link')",
    "JaVa\tScRiPt:alert('link')",
    " javascript:alert('link')",
    "data:text/html,<script>alert('data')</script>",
    "vbscript:alert(1)",
    "//evil.example/\" onclick=\"alert('quote')",
    "https://shop.example/\"><script>alert('address')</script>",
)


def spelt(text: str) -> str:
    """As a feed has it to say: what stands as a tag in a feed is taken out, what is spelt by entities is kept."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rows(small: SmallShop) -> list[Mapping[str, Any]]:
    """A product a text, the text in all its fields, one with a harmful id, and a harmless one."""
    picture = small.paint("red.png", "red")
    out: list[Mapping[str, Any]] = []
    for number, (name, text) in enumerate(TEXTS.items()):
        given = spelt(text)
        row = {"id": f"H{number}", "title": f"Harmful {name} {given}", "title_zh": f"有害 {name} {given}"}
        row |= {"brand": f"{name} {given}", "category": ["Harm", f"{name} {given}"], "color": text, "material": text}
        row |= {"description": given, "size": text, "pattern": text, "image_alt": given, "care": text}
        out.append(row | {"price": "9.90", "currency": "EUR", "images": [picture], "link": LINKS[number]})
    variants = [
        {"id": f"V{n} {text}", "color": text, "price": "5.00", "currency": "EUR", "images": [picture]}
        for n, text in enumerate((SCRIPT, HANDLER))
    ]
    out.append({"id": f"{HANDLER}/../?#&", "title": f"Harmful id {spelt(SCRIPT)}", "variants": variants})
    out.append({"id": "OK", "title": "Harmless mug", "price": "999999999.90", "currency": "EUR", "images": [picture]})
    return out


INJECTED = """() => {
    const found = [];
    const walk = (root) => root.querySelectorAll("*").forEach((node) => {
        for (const { name, value } of node.attributes) {
            const address = ["href", "src", "action", "formaction", "xlink:href"].includes(name);
            if (/^on/i.test(name) || (address && /^\\s*(j\\s*a\\s*v\\s*a|data:text|vbscript)/i.test(value))) {
                found.push(`${name}=${value} on ${node.outerHTML.slice(0, 120)}`);
            }
        }
        if (node.localName === "script" && !node.src && node.type !== "application/json") found.push(node.outerHTML.slice(0, 120));
        if (node.localName === "iframe" || node.localName === "object" || node.localName === "embed") found.push(node.outerHTML);
        if (node.shadowRoot) walk(node.shadowRoot);
    });
    walk(document);
    return found;
}"""  # noqa: E501
"""What stands in the page that only harm could have put there."""
