"""Google Merchant XML and TSV."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from shoplens.core.catalogue import Money
from shoplens.errors import FeedError, FeedFormatError
from shoplens.feeds import merchant, xml_items
from tests.feeds.helpers import read

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">
<channel><title>Shop</title>
{items}
</channel></rss>"""
ITEM = """<item>
<title>plain</title><g:id>{id}</g:id><g:title>Bag {id} &amp; more</g:title>
<g:price>52.00 USD</g:price><g:sale_price>40.00 USD</g:sale_price>
<g:color>Red/Blue</g:color><g:image_link>https://x/{id}.jpg</g:image_link>
<g:additional_image_link>https://x/{id}a.jpg</g:additional_image_link>
<g:additional_image_link>https://x/{id}b.jpg</g:additional_image_link>
<g:product_type>Men &gt; Bags</g:product_type><g:product_type>Sale</g:product_type>
<g:google_product_category>Luggage</g:google_product_category>
<g:shipping><g:country>US</g:country><g:price>5 USD</g:price></g:shipping>
<g:product_detail><g:attribute_name>Closure</g:attribute_name><g:attribute_value>Zip</g:attribute_value></g:product_detail>
</item>"""


def feed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "feed.xml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_item_with_everything(tmp_path: Path) -> None:
    (product,), problems = read(feed(tmp_path, RSS.format(items=ITEM.format(id="1"))))
    assert problems == []
    assert (product.id, product.title) == ("1", "Bag 1 & more")
    assert (product.category, product.categories) == (("Men", "Bags"), (("Sale",),))
    assert [image.location for image in product.images] == ["https://x/1.jpg", "https://x/1a.jpg", "https://x/1b.jpg"]
    assert product.attributes == {
        "color": ("Red", "Blue"),
        "closure": ("Zip",),
        "google_product_category": ("Luggage",),
    }
    (variant,) = product.variants
    assert (variant.price, variant.list_price) == (Money(4000, "USD"), Money(5200, "USD"))


def test_a_sale_that_is_over_does_not_count(tmp_path: Path) -> None:
    dates = "<g:sale_price_effective_date>2016-02-24T11:07+0100/2016-02-29T23:07+0100</g:sale_price_effective_date>"
    (product,), _ = read(feed(tmp_path, RSS.format(items=ITEM.format(id="1").replace("</item>", dates + "</item>"))))
    assert (product.variants[0].price, product.variants[0].list_price) == (Money(5200, "USD"), None)


def test_atom(tmp_path: Path) -> None:
    text = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="http://base.google.com/ns/1.0"><title>Shop</title>
    <entry><x:id>1</x:id><title>Bag</title><link href="https://x/1"/><x:price>5.00 EUR</x:price></entry></feed>"""
    (product,), problems = read(feed(tmp_path, text))
    assert (product.id, product.title, product.link) == ("1", "Bag", "https://x/1")
    assert problems == []


def test_items_have_their_lines_and_a_broken_one_costs_itself(tmp_path: Path) -> None:
    items = [ITEM.format(id=str(n)) for n in range(6)]
    items[1] = items[1].replace("&amp;", "&")  # mended
    items[2] = items[2].replace("</g:color>", "")  # not well-formed
    items[3] = items[3].replace("</item>", "")  # not closed
    items[4] = items[4].replace("<g:id>4</g:id>", "")
    text = RSS.format(items="\n".join(items))
    products, problems = read(feed(tmp_path, text))
    assert [p.id for p in products] == ["0", "1", "5"]
    assert products[1].title == "Bag 1 & more"
    starts = [n for n, line in enumerate(text.split("\n"), 1) if line == "<item>"]
    assert [(p.line, p.skipped) for p in problems] == list(zip(starts[1:5], [False, True, True, True], strict=True))


def test_html_entities_and_cdata(tmp_path: Path) -> None:
    item = (
        "<item><g:id>1</g:id><g:title>Caf&eacute; M&M&nbsp;&#233;</g:title>"
        "<g:description><![CDATA[<p>Tom & <b>Co</b></p>]]></g:description><g:link><![CDATA[https://x/?a=1&b=2]]></g:link></item>"
    )
    (product,), (problem,) = read(feed(tmp_path, RSS.format(items=item)))
    assert (product.title, product.description) == ("Café M&M é", "Tom & Co")
    assert product.link == "https://x/?a=1&b=2"
    assert not problem.skipped


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://example.com/x.dtd">',
    ],
)
def test_entity_bombs_are_refused(tmp_path: Path, doctype: str) -> None:
    text = RSS.format(items="<item><g:id>1</g:id><g:title>&b;&a;</g:title></item>").replace("<rss", doctype + "<rss")
    with pytest.raises(FeedFormatError, match="refused"):
        read(feed(tmp_path, text))


def test_an_entity_bomb_inside_an_item_is_only_text(tmp_path: Path) -> None:
    bomb = '<item><!DOCTYPE x [<!ENTITY a "b">]><g:id>1</g:id></item>'
    products, problems = read(feed(tmp_path, RSS.format(items=bomb + "<item><g:id>2</g:id></item>")))
    assert [p.id for p in products] == ["2"]
    assert [p.skipped for p in problems] == [True]


def test_a_feed_that_breaks_off(tmp_path: Path) -> None:
    text = RSS.format(items="\n".join(ITEM.format(id=str(n)) for n in range(5)))
    with pytest.raises(FeedError, match="breaks off within the item on line"):
        read(feed(tmp_path, text[: text.rindex("<g:color>")]))


def test_an_item_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_items, "MAX_ITEM", 5000)
    items = ITEM.format(id="1") + "<item><g:id>2</g:id>" + "x" * 200_000 + ITEM.format(id="3")
    products, problems = read(feed(tmp_path, RSS.format(items=items)))
    assert [p.id for p in products] == ["1", "3"]
    assert problems
    assert all(p.skipped for p in problems)


def test_xml_and_tsv_say_the_same(tmp_path: Path) -> None:
    columns = ["id", "item_group_id", "title", "link", "image_link", "availability", "price", "color", "size"]
    rows = [
        [f"s{n}", "g", "Shirt", "https://x/s", f"https://x/{n % 2}.jpg", "in stock", "9.00 EUR", c, s]
        for n, (c, s) in enumerate([("Red", "S"), ("Red", "M"), ("Blue", "S"), ("Blue", "M")])
    ]
    (tmp_path / "feed.tsv").write_text("\n".join("\t".join(row) for row in [columns, *rows]))
    items = "".join(
        "<item>" + "".join(f"<g:{c}>{v}</g:{c}>" for c, v in zip(columns, row, strict=True)) + "</item>" for row in rows
    )
    assert read(tmp_path / "feed.tsv") == read(feed(tmp_path, RSS.format(items=items)))


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("Red <!-- x --> bag", "Red bag"),
        ("Red<!-- x -->dish", "Reddish"),
        ("<!-- x -->Red bag<!-- y -->", "Red bag"),
        ("<![CDATA[Red bag]]>", "Red bag"),
        ("Red <![CDATA[bag & <b>Co</b>]]> new", "Red bag & Co new"),
        ("<![CDATA[Red]]> <![CDATA[bag]]>", "Red bag"),
        ("Red <?php echo 1 ?> bag", "Red bag"),
        ("<![CDATA[Red </item> bag]]>", "Red bag"),
        ("<![CDATA[Red <item> bag]]>", "Red bag"),
        ("Red <!-- </item> --> bag", "Red bag"),
        ("Red <!-- <item> --> bag", "Red bag"),
        ("Red & <!-- R&D --> bag", "Red & bag"),
        ("Red &nbsp; <![CDATA[bag]]>", "Red bag"),
        ("<!--<![CDATA[-->Red bag<!--]]>-->", "Red bag"),
    ],
)
def test_comments_and_cdata_within_a_value(tmp_path: Path, inside: str, title: str) -> None:
    item = f"<item><g:id>1</g:id><g:title>{inside}</g:title></item><item><g:id>2</g:id><g:title>Next</g:title></item>"
    products, problems = read(feed(tmp_path, RSS.format(items=item)))
    assert [problem for problem in problems if problem.skipped] == []
    assert [" ".join(p.title.split()) for p in products] == [title, "Next"]


def test_an_item_in_a_comment_is_none(tmp_path: Path) -> None:
    items = "<!-- <item><g:id>0</g:id><g:title>Old</g:title></item> -->\n" + ITEM.format(id="1") + "<!-- <item> -->"
    products, problems = read(feed(tmp_path, RSS.format(items=items)))
    assert ([p.id for p in products], problems) == (["1"], [])


def test_very_many_namespaces_cost_no_more_than_their_length(tmp_path: Path) -> None:
    declared = "".join(f' xmlns:n{i}="http://x/{i}"' for i in range(20_000))
    items = "".join(ITEM.format(id=str(n)) for n in range(300))
    text = RSS.format(items=items).replace("<rss", f"<rss{declared}")
    inside = RSS.format(items=items.replace("<item>", f"<item{declared}>", 1))
    for content in (text, inside):
        started = time.perf_counter()
        products, _ = read(feed(tmp_path, content))
        assert time.perf_counter() - started < 5
        assert len(products) == 300


def test_a_namespace_of_the_feeds_own_is_known_in_its_items(tmp_path: Path) -> None:
    text = RSS.format(items="<item><y:id>1</y:id><g:title y:lang='en'>Bag</g:title></item>")
    ((product,), problems) = read(feed(tmp_path, text.replace("<rss", f'<rss xmlns:y="{merchant.NAMESPACE}"')))
    assert (product.id, product.title, problems) == ("1", "Bag", [])


@pytest.mark.parametrize("begin", ["<!--", "<![CDATA["])
def test_cdata_and_comments_without_end_cost_their_item_only(tmp_path: Path, begin: str) -> None:
    broken = f"<item><g:id>0</g:id><g:title>{begin}never closed</g:title></item>"
    whole = "<item><g:id>{}</g:id><g:title><![CDATA[A]]> <!-- --> bag</g:title></item>"
    for items in (f"{broken}{whole.format(1)}\n{whole.format(2)}", f"{whole.format(1)}{whole.format(2)}\n{broken}"):
        products, problems = read(feed(tmp_path, RSS.format(items=items)))
        assert [p.id for p in products] == ["1", "2"]
        assert ["not well-formed" in problem.reason for problem in problems if problem.skipped] == [True]
    with pytest.raises(FeedError, match="comment that began on line 4"):
        read(feed(tmp_path, RSS.format(items=f"{begin} {ITEM.format(id=1)} ->")))


def test_comments_without_end_cost_no_more_than_their_length(tmp_path: Path) -> None:
    good = "<item><g:id>1</g:id><g:title>Bag</g:title></item>"

    def seconds(unit: str, length: int) -> float:
        path = feed(tmp_path, RSS.format(items=good + unit * (length // len(unit))))
        started = time.perf_counter()
        with contextlib.suppress(FeedError):
            read(path)
        return time.perf_counter() - started

    tailed = "<item><!-- </item>x", "<item><![CDATA[ </item>x", "<item><!----></item><item><!-- </item>x"
    for unit in (
        *tailed,
        "<item><!--</item>",
        "<item><!--",
        "<!--x--><item><![CDATA[",
        "<![CDATA[<item>",
        "<!--",
        "<item ",
    ):
        assert seconds(unit, 100_000) < 0.5 + 4 * seconds(unit, 50_000), unit


def test_items_without_end_of_a_comment_are_each_told(tmp_path: Path) -> None:
    count = 30_000  # half a million characters: each item behind the other, and none of them looks at all that follow
    items = "<item><g:id>1</g:id><!-- </item>x" * count
    products, problems = read(feed(tmp_path, RSS.format(items=ITEM.format(id=2) + items)))
    assert ([p.id for p in products], len(problems)) == (["2"], count)


def test_items_of_very_many_names_are_refused(tmp_path: Path) -> None:
    items = "".join(f"<n{n}:item><!-- </n{n}:item>x" for n in range(20))
    with pytest.raises(FeedError, match=f"more than {xml_items.MAX_NAMES} different names"):
        read(feed(tmp_path, RSS.format(items=items)))
