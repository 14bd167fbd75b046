"""Price limits in a query: "under $50", "20-30 euros", 不超过200块, 两百以内; read as grammar, never guessed.

A number counts as a price where a limiting word stands beside it and no unit of something else does ("under 50 ml",
"women over 50", "3岁以下"). Ranges without the word "between" need a currency or a word for price ("20-30 euros").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shoplens.understanding.amounts import CHINESE, ENGLISH, number_of, spelt

_DOLLARS = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN")
CURRENCIES: dict[str, tuple[str, ...]] = {
    "$": _DOLLARS, "dollar": _DOLLARS, "dollars": _DOLLARS, "buck": _DOLLARS, "bucks": _DOLLARS, "刀": _DOLLARS,
    "us$": ("USD",), "usd": ("USD",), "美元": ("USD",), "美金": ("USD",), "美刀": ("USD",),
    "c$": ("CAD",), "ca$": ("CAD",), "cad": ("CAD",), "加元": ("CAD",), "加币": ("CAD",),
    "a$": ("AUD",), "au$": ("AUD",), "aud": ("AUD",), "澳元": ("AUD",), "澳币": ("AUD",),
    "hk$": ("HKD",), "hkd": ("HKD",), "港币": ("HKD",), "港元": ("HKD",),
    "nt$": ("TWD",), "台币": ("TWD",), "新台币": ("TWD",),
    "€": ("EUR",), "eur": ("EUR",), "euro": ("EUR",), "euros": ("EUR",), "欧元": ("EUR",), "欧": ("EUR",),
    "£": ("GBP",), "gbp": ("GBP",), "pound": ("GBP",), "pounds": ("GBP",), "quid": ("GBP",), "英镑": ("GBP",),
    "¥": ("CNY", "JPY"), "元": ("CNY", "TWD", "HKD"), "块": ("CNY", "TWD", "HKD"), "块钱": ("CNY", "TWD", "HKD"),
    "rmb": ("CNY",), "cny": ("CNY",), "yuan": ("CNY",), "人民币": ("CNY",),
    "yen": ("JPY",), "jpy": ("JPY",), "日元": ("JPY",), "円": ("JPY",),
    "₩": ("KRW",), "won": ("KRW",), "krw": ("KRW",), "韩元": ("KRW",), "韩币": ("KRW",),
    "₹": ("INR",), "rs": ("INR",), "rs.": ("INR",), "inr": ("INR",), "rupee": ("INR",), "rupees": ("INR",),
    "卢比": ("INR",),
    "chf": ("CHF",), "franc": ("CHF",), "francs": ("CHF",), "法郎": ("CHF",),
    "kr": ("SEK", "NOK", "DKK"), "sek": ("SEK",), "zł": ("PLN",), "pln": ("PLN",), "₽": ("RUB",), "泰铢": ("THB",),
}  # fmt: skip
"""What a currency is called, lower case -> ISO 4217 codes that it may mean."""

_WEIGHTS = ("pound", "pounds")
"""Names of a currency that are a weight where the shop does not sell in it."""


def _one_of(names: Collection[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_PLAIN = {name for name in CURRENCIES if name.isascii() and name.isalpha()}
_SIGNS = _one_of([n for n in CURRENCIES if not n.isalpha()] + ["usd", "eur", "gbp", "cny", "rmb", "jpy", "inr", "chf"])
_NAMES = rf"(?:{_one_of(_PLAIN)})(?![a-z0-9])|" + _one_of(CURRENCIES.keys() - _PLAIN - {"rs."})

_UNIT = (
    r"(?:ml|cl|dl|l|lit(?:er|re)s?|oz|ounces?|fl|gallons?|g|gr|grams?|kgs?|kilos?|kilograms?|mg|lbs?|stones?|mm|cm|m|"
    r"met(?:er|re)s?|km|miles?|inch(?:es)?|ft|feet|foot|yards?|yds?|sq|w(?!/)|watts?|kw|v|volts?|m?ah|gb|tb|mb|k?hz|"
    r"[mg]hz|fps|db|lumens?|lm|k?cals?|calories|percent|degrees?|years?|yrs?|yo|months?|weeks?|days?|hours?|hrs?|"
    r"minutes?|mins?|seconds?|secs?|people|persons?|players?|pieces?|pcs|pages?|packs?|ply|mph|rpm|psi|dpi|mp|"
    r"megapixels?|carats?|ct|karats?|stars?|reviews?|bottles?|sheets?|seats?|speeds?|gears?|bpm|thread|denier)"
)
_MEASURE = (
    "(?:[岁个月年天日周小时分钟秒寸英尺毫厘升克斤公千米瓦度码号件只双条瓶片人位级倍]|"
    "[%种层档色口支套盒包袋页字g张安mlkcw台把根])"
)
_AFTER = rf"(?![a-z0-9%°\"″'’]|[.,]\d|\s*-?\s*{_UNIT}(?![a-z0-9]))"
_BEFORE = r"(?<![a-z0-9.$€£¥-])"
_A = rf"(?:(?P<c1>{_SIGNS})\s?)?(?P<n1>{ENGLISH})(?:\s?(?P<d1>{_NAMES}))?"
_B = rf"(?:(?P<c2>{_SIGNS})\s?)?(?P<n2>{ENGLISH})(?:\s?(?P<d2>{_NAMES}))?"
_PRICED = (
    r"(?:(?P<priced>(?:(?:my|max|maximum)\s)?budget(?:\s(?:is|of))?|priced?(?:\s(?:is|at|of|range))?|prices?|"
    r"cost(?:s|ing)?|(?:that|which)\scosts?)(?:\s?:\s?|\s)|(?:for|at)\s)?"
)
_LIMITS = {
    "<": "under|below|beneath|less than|lower than|cheaper than|smaller than|not as much as|<",
    "<=": "up to|at most|no more than|not more than|not over|not above|not exceeding|within|<=|≤|=<",
    ">": "over|above|more than|greater than|higher than|more expensive than|pricier than|dearer than|>",
    ">=": "at least|no less than|not less than|not under|not below|starting at|starting from|upwards of|from|>=|≥",
}
_OPERATORS = {word: sign for sign, words in _LIMITS.items() for word in words.split("|")}
_LIMIT = _one_of(_OPERATORS)
_WEAK = {"smaller than", "higher than", "from", "max", "maximum", "min", "minimum", "within"}
"""Limiting words that speak of sizes and heights as often: they need a currency or a word for price."""

_ENGLISH = re.compile(
    rf"{_BEFORE}{_PRICED}(?:"
    rf"(?:(?P<between>between)\s|(?P<from>from)\s)?{_A}\s?(?P<to>-|–|—|~|to\s|and\s)\s?{_B}"
    rf"|(?P<limit>{_LIMIT}|max(?:imum)?\.?(?:\sof)?|min(?:imum)?\.?(?:\sof)?)\s?"
    rf"{_A.replace('1>', '3>')}"
    rf"|{_A.replace('1>', '4>')}\s?(?:"
    rf"(?P<less>or\s(?:less|under|below|cheaper|lower)|(?:and|&)\s(?:under|below)|max(?:imum)?|tops)|"
    rf"(?P<more>or\s(?:more|above|over|higher)|(?:and|&)\s(?:up|above|over)|min(?:imum)?|\+))(?![a-z])"
    rf"|(?P<only>(?<=budget\s)|(?<=budget:\s)|(?<=budget\sof\s)|(?<=budget\sis\s)){_A.replace('1>', '5>')}"
    rf"){_AFTER}"
)

_YUAN = rf"(?:{_one_of(CURRENCIES.keys() - {'rs.', 'rs', 'pound', 'pounds', 'won'})})"
_C = rf"(?:(?P<c1>{_SIGNS})\s?)?(?P<n1>{CHINESE})\s?(?P<d1>{_YUAN})?"
_ABOUT = r"(?P<priced>(?:我的)?(?:价格|价钱|价位|单价|售价|预算)(?:在|为|是|:|：)?\s?)?"
_UP = {
    "以下": "<", "之下": "<", "以内": "<=", "之内": "<=", "封顶": "<=", "以上": ">=", "之上": ">=", "起": ">=",
    "往上": ">=",
}  # fmt: skip
_DOWN = {
    "不超过": "<=", "不高于": "<=", "不大于": "<=", "最多": "<=", "至多": "<=", "最高": "<=", "不多于": "<=",
    "控制在": "<=", "低于": "<", "少于": "<", "小于": "<", "不到": "<", "不足": "<", "便宜过": "<",
    "超过": ">", "高于": ">", "大于": ">", "多于": ">", "贵过": ">",
    "不低于": ">=", "不少于": ">=", "不小于": ">=", "至少": ">=", "最低": ">=", "最少": ">=", "比": "",
}  # fmt: skip
_NOT_IN = r"(?<![\d.a-z零〇一二两三四五六七八九十百千万])"
_SUMS = r"(?!的?加减|的?乘)"
_WITHIN = "(?P<within>之间|以内|左右|区间|的价位)?"
_CHINESE = re.compile(
    rf"{_ABOUT}(?:"
    rf"{_NOT_IN}{_C}\s?(?:-|–|—|~|～|到|至)\s?{_C.replace('1>', '2>')}\s?{_WITHIN}"
    rf"|(?P<limit>{_one_of(_DOWN)})\s?{_C.replace('1>', '3>')}(?P<than>更?便宜|更?贵)?(?:以内|以下|之内|以上)?"
    rf"(?!\s?{_MEASURE}|\d){_SUMS}"
    rf"|{_NOT_IN}{_C.replace('1>', '4>')}\s?(?P<side>{_one_of(_UP)}){_SUMS}"
    rf"|(?P<only>(?<=预算)|(?<=预算是)|(?<=预算在)|(?<=预算为)){_C.replace('1>', '5>')}(?!\s?{_MEASURE}|\d)"
    r")的?"
)
_CUES = re.compile(
    r"[\d零〇一二两三四五六七八九十百千万]|hundred|thousand|ten|teen|ty\b|one|two|three|four|five|six|seven|eight|nine|twelve"
)

_GROWN = (
    r"(?:wom[ae]n|m[ae]n|ladies|adults?|people|anyone|everyone|those|persons?|seniors?|mothers?|moms?|dads?)(?:['’]s)?"
)
_YOUNG = r"(?:kids?|child(?:ren)?|toddlers?|bab(?:y|ies)|infants?|boys?|girls?|teens?|ages?|aged|years)"
_PEOPLE = re.compile(rf"(?:^|\s)(?:(?P<grown>{_GROWN})|(?P<young>{_YOUNG})|(?P<sizes>sizes?|pack|set))\s*$")


@dataclass(frozen=True, slots=True)
class PriceLimit:
    """text[start:end] limits the price: ``filter`` in the grammar of filters. ``foreign``: the currency that it is in,
    where the shop's is another; then the filter is empty."""

    start: int
    end: int
    filter: str
    foreign: str = ""


def price_limits(text: str, currencies: Collection[str] = ()) -> Iterator[PriceLimit]:
    """The price limits in a lower-case text, from the left.

    Args:
        text: the query.
        currencies: ISO codes of the shop's prices; none known: whatever is written is taken for the shop's.
    """
    if not _CUES.search(text):
        return
    found = [limit for m in _ENGLISH.finditer(text) if (limit := _english(m, currencies))]
    found += (
        [limit for m in _CHINESE.finditer(text) if (limit := _chinese(m, currencies))] if not text.isascii() else []
    )
    at = 0
    for limit in sorted(found, key=lambda one: (one.start, -one.end)):
        if limit.start >= at:
            yield limit
            at = limit.end


def _english(match: re.Match[str], shop: Collection[str]) -> PriceLimit | None:
    part = match.groupdict()
    names = [n for key in ("c1", "d1", "c2", "d2", "c3", "d3", "c4", "d4", "c5", "d5") if (n := part[key])]
    if any(name in _WEIGHTS for name in names) and "GBP" not in shop:
        return None
    sure = bool(names or part["priced"])
    low = high = None
    if part["n1"]:
        low, high = number_of(part["n1"]), number_of(part["n2"])
        if not (sure or part["between"]) or (part["to"].strip() == "and" and not part["between"]):
            return None
        if low is None or high is None or _of_people(match, high, ""):
            return None
        return _made(match, [("price", ">=", min(low, high)), ("price", "<=", max(low, high))], names, shop)
    if part["limit"]:
        word = part["limit"]
        amount = number_of(part["n3"])
        sign = _OPERATORS.get(word) or ("<=" if word.startswith("max") else ">=")
        weak = word in _WEAK or word.startswith(("max", "min"))
    elif part["n4"]:
        amount = number_of(part["n4"])
        sign = "<=" if part["less"] else ">="
        weak = (part["less"] or "") not in ("or less", "or cheaper")
    else:
        amount, sign, weak = number_of(part["n5"] or ""), "<=", False
    if amount is None or (weak and not sure) or (not names and _of_people(match, amount, sign)):
        return None
    return _made(match, [("price", sign, amount)], names, shop)


def _of_people(match: re.Match[str], number: float, sign: str) -> bool:
    """Whether the number is an age or a size: "women over 50", "kids under 5", "size under 8"."""
    before = _PEOPLE.search(match.string[max(0, match.start() - 24) : match.start()])
    if before is None or match.group("priced"):
        return False
    if before["grown"]:
        return not sign.startswith("<")
    return bool(before["sizes"]) or number <= 18


def _chinese(match: re.Match[str], shop: Collection[str]) -> PriceLimit | None:
    part = match.groupdict()
    names = [n for key in ("c1", "d1", "c2", "d2", "c3", "d3", "c4", "d4", "c5", "d5") if (n := part[key])]
    sure = bool(names or part["priced"])
    if part["n1"]:
        low, high = number_of(part["n1"]), number_of(part["n2"])
        if low is None or high is None or not (sure or part["within"] == "之间"):
            return None
        if match.end() < len(match.string) and not names and re.match(_MEASURE, match.string[match.end()]):
            return None
        return _made(match, [("price", ">=", min(low, high)), ("price", "<=", max(low, high))], names, shop)
    if part["limit"]:
        amount, sign = number_of(part["n3"]), _DOWN[part["limit"]]
        than = part["than"] or ""
        if part["limit"] == "比":
            if not than:
                return None
            sign = ">" if than.endswith("贵") else "<"
    elif part["n4"]:
        amount, sign = number_of(part["n4"]), _UP[part["side"]]
    else:
        amount, sign = number_of(part["n5"] or ""), "<="
    if amount is None or (amount < 10 and not sure):
        return None
    return _made(match, [("price", sign, amount)], names, shop)


def _made(
    match: re.Match[str], limits: list[tuple[str, str, float]], names: list[str], shop: Collection[str]
) -> PriceLimit | None:
    meant = [set(CURRENCIES[name]) for name in names if name in CURRENCIES]
    codes = set.intersection(*meant) if meant else set()
    if meant and not codes:
        return None  # "20 € to 30 $"
    start, end = match.span()
    start += len(match[0]) - len(match[0].lstrip())
    end -= len(match[0]) - len(match[0].rstrip())
    if codes and shop and not codes & set(shop):
        first = next(code for code in CURRENCIES[names[0]] if code in codes)
        return PriceLimit(start, end, "", first)
    terms = [f"{field}{sign}{spelt(amount)}" for field, sign, amount in limits]
    if codes and len(shop) > 1:
        terms.append(f"currency in [{', '.join(sorted(codes & set(shop)))}]")
    return PriceLimit(start, end, " and ".join(terms))
