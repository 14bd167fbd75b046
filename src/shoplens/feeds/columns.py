"""Which column means what: usual names and synonyms, in English and Chinese; mapping for the rest."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from shlex import quote

from shoplens.core.catalogue import ColumnUse
from shoplens.errors import FeedFormatError
from shoplens.feeds.money import ISO

SYNONYMS: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "product_id", "item_id", "article_id", "asin", "code", "product_code", "article_number",
        "item_number", "handle", "uid", "编号", "商品编号", "产品编号", "商品id", "产品id", "货号", "商品编码",
    ),
    "item_group_id": (
        "item_group_id", "group_id", "parent_id", "parent_sku", "style_id", "style_code", "spu", "spu_id",
        "商品组", "款号", "父编号",
    ),
    "sku": ("sku", "sku_id", "variant_sku", "seller_sku", "sku编码", "库存编号"),
    "title": (
        "title", "name", "product_name", "product_title", "item_name", "product_display_name", "display_name",
        "标题", "名称", "商品名称", "产品名称", "商品标题", "品名", "headline", "label",
    ),
    "description": (
        "description", "body", "body_html", "long_description", "product_description", "short_description",
        "summary", "details", "描述", "商品描述", "产品描述", "详情", "商品详情", "简介",
    ),
    "brand": ("brand", "vendor", "brand_name", "manufacturer", "maker", "品牌", "厂商", "制造商"),
    "category": (
        "product_type", "category", "category_path", "categories", "product_category", "department_path", "类目",
        "分类", "类别", "商品分类", "商品类目", "产品类别", "品类",
    ),
    "more_categories": ("more_categories", "further_categories"),
    "google_product_category": ("google_product_category", "google_category"),
    "price": (
        "price", "regular_price", "unit_price", "retail_price", "价格", "售价", "单价", "零售价", "现价",
    ),
    "sale_price": (
        "sale_price", "special_price", "discount_price", "promo_price", "offer_price", "促销价", "特价", "折扣价",
        "活动价",
    ),
    "list_price": (
        "list_price", "compare_at_price", "msrp", "rrp", "original_price", "old_price", "was_price", "原价",
        "市场价", "吊牌价", "划线价",
    ),
    "price_minor": ("price_minor", "price_cents", "price_in_cents", "price_raw", "价格分"),
    "sale_dates": ("sale_price_effective_date",),
    "currency": ("currency", "currency_code", "price_currency", "币种", "货币"),
    "in_stock": (
        "in_stock", "availability", "stock_status", "is_in_stock", "available", "有货", "是否有货",
        "库存状态",
    ),
    "quantity": (
        "quantity", "qty", "stock", "inventory", "stock_quantity", "inventory_quantity", "库存", "库存数量",
        "数量",
    ),
    "gtin": ("gtin", "ean", "ean13", "upc", "barcode", "gtin13", "gtin14", "isbn", "条码", "条形码", "商品条码"),
    "mpn": ("mpn", "manufacturer_part_number", "part_number", "型号"),
    "link": (
        "link", "url", "product_url", "product_link", "canonical_url", "source_url", "链接", "商品链接", "网址",
    ),
    "image": (
        "image", "image_link", "image_url", "image_src", "main_image", "primary_image", "picture", "photo", "img",
        "img_url", "image_path", "picture_url", "photo_url", "base_image", "featured_image", "featured_media",
        "filename", "主图", "图片", "商品图片", "图片链接", "图片地址", "图像",
    ),
    "images": (
        "images", "additional_image_link", "additional_image_links", "additional_images", "image_links",
        "image_urls", "pictures", "photos", "gallery", "other_images", "附图", "更多图片", "图片列表", "细节图",
    ),
    "image_alt": ("image_alt", "image_alt_text", "alt_text", "图片描述"),
    "tags": ("tags", "keywords", "labels", "标签", "关键词"),
    "color": (
        "color", "colour", "base_colour", "base_color", "colors", "colours", "color_name", "颜色", "色彩", "主色",
    ),
    "size": ("size", "sizes", "size_name", "尺码", "尺寸", "大小"),
    "material": ("material", "materials", "fabric", "材质", "面料", "材料"),
    "pattern": ("pattern", "patterns", "图案", "花纹"),
    "gender": ("gender", "性别", "适用性别"),
    "variants": ("variants", "skus", "offers", "variations", "规格"),
    "attributes": ("attributes", "specs", "specifications", "properties", "features", "属性", "规格参数"),
    "translations": ("translations",),
    "derived": ("derived",),
}  # fmt: skip
"""Target -> headers that mean it, the likelier first. Compared without case, spaces and punctuation."""

ATTRIBUTES = ("tags", "color", "size", "material", "pattern", "gender")
"""Targets that become attributes of this name."""

LEVELS: dict[str, float] = {
    "department": 1, "master_category": 1, "main_category": 1, "top_category": 1, "category_1": 1,
    "category_level_1": 1, "level_1": 1, "一级类目": 1, "一级分类": 1, "大类": 1, "sub_category": 2,
    "category_2": 2, "category_level_2": 2, "level_2": 2, "二级类目": 2, "二级分类": 2, "中类": 2,
    "article_type": 3, "sub_sub_category": 3, "category_3": 3, "category_level_3": 3, "level_3": 3, "三级类目": 3,
    "三级分类": 3, "小类": 3, "category_4": 4, "category_level_4": 4, "level_4": 4, "四级类目": 4,
}  # fmt: skip
"""Headers of a category's levels, from the general to the special; a category column counts between 1 and 2."""

LANGUAGES = frozenset({
    "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu",
    "id", "it", "ja", "ka", "kk", "ko", "lt", "lv", "ms", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk",
    "sl", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh",
})  # fmt: skip
TRANSLATED = ("title", "description")
TARGETS = (*SYNONYMS, *(f"{name}_<language>" for name in TRANSLATED))
"""What ``mapping`` can name on its left side."""


def fold(header: str) -> str:
    """A header without case, spaces and punctuation; a leading ``g:`` is gone."""
    text = unicodedata.normalize("NFKC", header).casefold().strip().removeprefix("g:")
    return re.sub(r"[\W_]+", "", text)


def attribute_name(header: str) -> str:
    """A header as the name of an attribute: case folded, spaces as underscores, no control characters and lone
    surrogates, at most 200 characters; else as written."""
    clean = _NOT_IN_NAMES.sub("", header[:_LONGEST_HEADER])
    text = unicodedata.normalize("NFKC", clean).casefold().strip().removeprefix("g:")
    return re.sub(r"\s+", "_", text)


@lru_cache(maxsize=4096)
def meant_by(header: str) -> str:
    """The name that a header looks like, where it is none itself: "titel" is meant to be title; "" for none."""
    folded = fold(header)
    same_letters = next((name for name in _LIKELY if len(name) == len(folded) and sorted(name) == sorted(folded)), "")
    close = [same_letters] if same_letters else difflib.get_close_matches(folded, _LIKELY, n=1, cutoff=0.88)
    return _LIKELY[close[0]] if close else ""


_OFFER = (
    "price", "sale_price", "list_price", "price_minor", "in_stock", "quantity", "sku", "gtin", "mpn",
)  # fmt: skip
_CATEGORY = ("category", "more_categories", "google_product_category")
_RANKS = {fold(name): (target, rank) for target, names in SYNONYMS.items() for rank, name in enumerate(names)}
_LIKELY = {fold(name): name for names in SYNONYMS.values() for name in names if name.isascii() and len(name) > 3}
_LEVELS = {fold(name): level for name, level in LEVELS.items()}
_NUMBERED_IMAGE = re.compile(
    r"(?:image|images|img|picture|photo|imageurl|imagelink|additionalimagelink|图片|附图|主图)\d{1,2}"
)
_CURRENCY_SUFFIX = re.compile(r"(price|saleprice|listprice)([a-z]{3})")
_LONGEST_HEADER = 200
_NOT_IN_NAMES = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_LANGUAGE_SUFFIX = re.compile(
    r"(.+?)[\s_.:\-]+([A-Za-z]{2})(?:[\-_][A-Za-z]{2,4})?|(.+?)[(（\[]\s*([A-Za-z]{2})\s*[)）\]]"
)


@dataclass(slots=True)
class Columns:
    """Columns of a feed by meaning."""

    one: dict[str, str] = field(default_factory=dict)  # target -> header
    images: list[str] = field(default_factory=list)  # headers of further pictures, in order
    levels: list[str] = field(default_factory=list)  # headers of category levels, in order
    languages: list[tuple[str, str, str]] = field(default_factory=list)  # (language, title or description, header)
    money: dict[str, str] = field(default_factory=dict)  # price target -> currency in the header
    rest: list[tuple[str, str]] = field(default_factory=list)  # (header, attribute name)
    offers: bool = True  # whether any column is about price, stock or numbers
    categorised: bool = True  # whether any column is about categories

    def uses(self, headers: Sequence[str]) -> list[ColumnUse]:
        """What each column is taken for, in the feed's order; columns of an object ("outer.inner") go with it."""
        fields: dict[str, str] = {}
        for target, header in self.one.items():
            # A feed that goes by its SKUs: one column for two fields.
            fields[header] = f"{fields[header]} and {target}" if header in fields else target
        fields |= dict.fromkeys(self.images, "images")
        fields |= {header: f"category, level {n}" for n, header in enumerate(self.levels, 1)}
        fields |= {header: f"{name}_{language}" for language, name, header in self.languages}
        found = [ColumnUse(header, fields[header], "field") for header in headers if header in fields]
        found += [ColumnUse(h, name, "extra") for h, name in self.rest if h.partition(".")[0] not in fields]
        objects = {use.column.partition(".")[0] for use in found if "." in use.column}
        order = {header: n for n, header in enumerate(headers)}
        return sorted((use for use in found if use.column not in objects), key=lambda use: order[use.column])


def recognise(headers: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns:
    """Finds each header's meaning. A mapped column is taken as told; of several synonyms the likelier wins.

    The rest become attributes. Whether an id is among them is for the caller to check.
    """
    found = Columns()
    taken: set[str] = set()
    for target, header in (mapping or {}).items():
        if header not in headers:
            continue
        taken.add(header)
        language = _language_target(target)
        if language:
            found.languages.append((*language, header))
        elif target == "images":
            found.images.append(header)
        else:
            found.one[target] = header
    best: dict[str, tuple[int, str]] = {}
    levels: list[tuple[float, int, str]] = []
    for position, header in enumerate(headers):
        if header in taken:
            continue
        name = fold(header)
        meaning = _RANKS.get(name)
        if meaning is not None:
            target, rank = meaning
            if target == "images":
                found.images.append(header)
                taken.add(header)
            elif target not in found.one and (target not in best or rank < best[target][0]):
                best[target] = (rank, header)
        elif name in _LEVELS:
            levels.append((_LEVELS[name], position, header))
        elif _NUMBERED_IMAGE.fullmatch(name):
            found.images.append(header)
            taken.add(header)
        elif match := _CURRENCY_SUFFIX.fullmatch(name):
            target = {"price": "price", "saleprice": "sale_price", "listprice": "list_price"}[match[1]]
            if match[2].upper() in ISO and target not in found.one and target not in best:
                best[target] = (99, header)
                found.money[target] = match[2].upper()
        elif language := _language(header):
            found.languages.append((*language, header))
            taken.add(header)
    for target, (_, header) in best.items():
        found.one[target] = header
        taken.add(header)
    found.money = {target: code for target, code in found.money.items() if _is_suffixed(found.one[target], code)}
    for header in headers:  # beside a "category", "categories" are further ones
        if fold(header) == "categories" and header not in taken and "more_categories" not in found.one:
            found.one["more_categories"] = header
            taken.add(header)
    _settle_ids(found)
    _settle_levels(found, taken, levels)
    found.offers = any(target in found.one for target in _OFFER)
    found.categorised = bool(found.levels) or any(target in found.one for target in _CATEGORY)
    found.rest = [(header, attribute_name(header)) for header in headers if header not in taken]
    return found


def check_mapping(mapping: Mapping[str, str], headers: Sequence[str], where: str) -> None:
    """Raises FeedFormatError for a target that does not exist or a column that the feed has not."""
    for target, header in mapping.items():
        if target not in SYNONYMS and _language_target(target) is None:
            raise FeedFormatError(
                f"{target!r} is nothing that a column can be mapped to",
                where=where,
                hint="one of: " + ", ".join(TARGETS),
            )
        if header not in headers:
            raise FeedFormatError(
                f"there is no column {header!r} to map to {target!r}", where=where, hint=_names(headers)
            )


def need_id(found: Columns, headers: Sequence[str], where: str) -> None:
    """Raises FeedFormatError when no column is the id."""
    if "id" not in found.one:
        example = f"id={headers[0]}" if headers else "id=code"
        hint = f"say which column it is: --map {quote(example)}; {_names(headers)}"
        raise FeedFormatError("no column is recognised as the products' id", where=where, hint=hint)


def _names(headers: Sequence[str]) -> str:
    shown = ", ".join(header[:60] for header in headers[:60])
    return f"the columns are: {shown}" + (f" and {len(headers) - 60} more" if len(headers) > 60 else "")


def _settle_ids(found: Columns) -> None:
    """A feed without id goes by its SKUs; with a product id and a SKU on each row, the id is the group's."""
    ids, sku = found.one.get("id"), found.one.get("sku")
    if ids is None and sku is not None:
        found.one["id"] = sku
    elif ids is not None and sku is not None and fold(ids) == "productid" and "item_group_id" not in found.one:
        found.one["item_group_id"] = ids
        found.one["id"] = sku


def _settle_levels(found: Columns, taken: set[str], levels: list[tuple[float, int, str]]) -> None:
    category = found.one.get("category")
    if not levels:
        return
    if category is not None:
        levels.append((1.5, -1, category))
        del found.one["category"]
    found.levels = [header for _, _, header in sorted(levels)]
    taken.update(found.levels)


def _is_suffixed(header: str, code: str) -> bool:
    return fold(header).endswith(code.lower())


def _language_target(target: str) -> tuple[str, str] | None:
    name, _, language = target.rpartition("_")
    return (language, name) if name in TRANSLATED and language in LANGUAGES else None


def _language(header: str) -> tuple[str, str] | None:
    """(language, title or description) of a header such as "title_zh", "Name (DE)", "description-sv"."""
    match = _LANGUAGE_SUFFIX.fullmatch(header.strip()) if len(header) <= _LONGEST_HEADER else None
    if match is None:
        return None
    name, language = (match[1], match[2]) if match[1] else (match[3], match[4])
    meaning = _RANKS.get(fold(name))
    if meaning is None or meaning[0] not in TRANSLATED or language.lower() not in LANGUAGES:
        return None
    return language.lower(), meaning[0]
