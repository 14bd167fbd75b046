"""axe-core before a page: what it finds, in lines that say which rule, where, and what is wrong."""

from __future__ import annotations

from typing import Any

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""WCAG 2.2 AA is all of the first five; the sixth is what axe's makers hold to be good practice."""

RUN = """async (rules) => {
    // What fades until it is replaced, and motion that is under way, have colours that nobody will read.
    for (let n = 0; n < 300 && document.querySelector("[aria-busy=true]"); n++) await new Promise(requestAnimationFrame);
    await Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime < 5000).map((a) => a.finished.catch(() => 0)));
    const { violations } = await axe.run(document, {
        runOnly: { type: "tag", values: rules }, resultTypes: ["violations"], preload: false,
    });
    return violations.map(({ id, help, nodes }) => ({
        id, help, nodes: nodes.map((n) => ({ at: n.target.join(" "), html: n.html, why: n.failureSummary })),
    }));
}"""  # noqa: E501


def violations(page: Any) -> list[str]:
    """What axe finds on a page as it stands now, a line a rule; an empty list is what is asked for."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [_told(found) for found in page.evaluate(RUN, list(RULES))]


def _told(found: dict[str, Any]) -> str:
    """The rule, how often, and the first three places."""
    places = [f"{node['at']} {node['html'][:120]!r}: {' '.join(node['why'].split())}" for node in found["nodes"]]
    more = f" (and {len(places) - 3} more)" if len(places) > 3 else ""
    return f"{found['id']}: {found['help']}{more}\n    " + "\n    ".join(places[:3])
