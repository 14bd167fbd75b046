"""What the demo shop carries: departments, prices, and for each kind a few lines of material, pattern and colours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shelf:
    """How one kind is sold: category path, prices in whole US dollars, who it is for, sizes, and its lines."""

    category: tuple[str, str]
    price: tuple[int, int]
    lines: tuple[tuple[str, str, int], ...]
    """Material, pattern, and in how many colours the line is sold."""
    gender: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()


CLOTHES = ("S", "M", "L", "XL")
SHOES = ("37", "39", "41", "43")
FASHION = ("Norrvale", "Tavira Row", "Oberlund", "Kestrel & Pine", "Miravelle")
BAGS = ("Sablefox", "Harrowby", "Velmora")
FEET = ("Striderly", "Alderfoot", "Tavira Row")
JEWELS = ("Aurelisse", "Petrarine")
GADGETS = ("Harrowby", "Meridax", "Oberlund")
HOME = ("Stillhus", "Fernhearth", "Morrowden")
TABLE = ("Kiln Seven", "Fernhearth", "Stillhus")
BOTH = ("unisex",)
ANY = ("women", "men", "unisex")


def _lines(text: str) -> tuple[tuple[str, str, int], ...]:
    """Lines written as "material pattern colours", parted by semicolons; spaces in a pattern as underscores."""
    out = []
    for line in text.split(";"):
        material, pattern, colours = line.split()
        out.append((material, pattern.replace("_", " "), int(colours)))
    return tuple(out)


SHELVES: dict[str, Shelf] = {
    "handbag": Shelf(("Bags", "Handbags"), (69, 189), _lines("leather plain 3; leather plain 2; suede plain 1; leather leopard 1; straw plain 1"), ("women",), (), BAGS),
    "tote bag": Shelf(("Bags", "Tote bags"), (24, 89), _lines("canvas stripes 2; canvas plain 3; leather plain 2; cotton floral 1"), BOTH, (), BAGS),
    "backpack": Shelf(("Bags", "Backpacks"), (45, 129), _lines("nylon plain 3; canvas plain 2; leather plain 1; nylon camouflage 1; canvas polka_dots 1"), BOTH, (), BAGS),
    "wallet": Shelf(("Bags", "Wallets"), (25, 69), _lines("leather plain 3; leather plain 1; suede plain 1"), ANY, (), BAGS),
    "suitcase": Shelf(("Bags", "Suitcases"), (119, 249), _lines("plastic plain 3; plastic colour-block 1; metal plain 1"), BOTH, (), BAGS),
    "t-shirt": Shelf(("Clothing", "T-shirts"), (12, 35), _lines("cotton plain 3; cotton stripes 2; cotton polka_dots 1; linen plain 1; cotton floral 1"), ANY, CLOTHES, FASHION),
    "shirt": Shelf(("Clothing", "Shirts"), (29, 79), _lines("cotton plain 2; linen plain 1; cotton checks 2; cotton plaid 1; denim plain 1; silk floral 1"), ("men", "women"), CLOTHES, FASHION),
    "jumper": Shelf(("Clothing", "Jumpers"), (39, 99), _lines("knit plain 3; knit stripes 1; wool plain 2; knit zigzag 1"), ANY, CLOTHES, FASHION),
    "hoodie": Shelf(("Clothing", "Hoodies"), (35, 75), _lines("cotton plain 3; cotton colour-block 1; cotton camouflage 1"), BOTH, CLOTHES, FASHION),
    "dress": Shelf(("Clothing", "Dresses"), (45, 149), _lines("cotton floral 2; silk plain 2; cotton polka_dots 1; velvet plain 1; linen stripes 1"), ("women",), CLOTHES, FASHION),
    "jacket": Shelf(("Clothing", "Jackets"), (69, 229), _lines("denim plain 2; leather plain 2; nylon plain 2; suede plain 1"), ("women", "men"), CLOTHES, FASHION),
    "trousers": Shelf(("Clothing", "Trousers"), (39, 89), _lines("cotton plain 3; linen plain 1; wool checks 1"), ("women", "men"), CLOTHES, FASHION),
    "jeans": Shelf(("Clothing", "Jeans"), (49, 99), _lines("denim plain 3; denim plain 1; denim plain 1"), ("women", "men"), CLOTHES, FASHION),
    "shorts": Shelf(("Clothing", "Shorts"), (22, 49), _lines("cotton plain 2; linen stripes 1; denim plain 1; cotton floral 1"), ANY, CLOTHES, FASHION),
    "skirt": Shelf(("Clothing", "Skirts"), (29, 79), _lines("cotton plain 2; wool plaid 1; satin plain 1; cotton floral 1; denim plain 1"), ("women",), CLOTHES, FASHION),
    "socks": Shelf(("Clothing", "Socks"), (6, 15), _lines("knit stripes 2; cotton polka_dots 1; knit plain 2"), BOTH, ("35-38", "39-42"), FASHION),
    "sneaker": Shelf(("Shoes", "Sneakers"), (55, 139), _lines("canvas plain 3; leather plain 2; suede plain 1; canvas checks 1"), ANY, SHOES, FEET),
    "boot": Shelf(("Shoes", "Boots"), (89, 219), _lines("leather plain 3; suede plain 1; rubber plain 2"), ("women", "men"), SHOES, FEET),
    "sandal": Shelf(("Shoes", "Sandals"), (29, 79), _lines("leather plain 3; suede plain 1; leather plain 1"), ("women", "men"), SHOES, FEET),
    "loafer": Shelf(("Shoes", "Loafers"), (69, 149), _lines("leather plain 2; suede plain 2"), ("men", "women"), SHOES, FEET),
    "heel": Shelf(("Shoes", "High heels"), (59, 159), _lines("leather plain 3; velvet plain 1; suede plain 1"), ("women",), ("36", "37", "38", "39"), FEET),
    "watch": Shelf(("Accessories", "Watches"), (79, 289), _lines("leather plain 3; leather plain 1; metal plain 2; nylon plain 1"), ANY, (), GADGETS),
    "sunglasses": Shelf(("Accessories", "Sunglasses"), (25, 119), _lines("plastic plain 3; metal plain 1; plastic leopard 1; plastic plain 1"), BOTH, (), GADGETS),
    "cap": Shelf(("Accessories", "Caps"), (16, 35), _lines("cotton plain 3; denim plain 1; cotton camouflage 1; canvas colour-block 1"), BOTH, (), FASHION),
    "hat": Shelf(("Accessories", "Hats"), (35, 89), _lines("felt plain 3; straw plain 1; felt plain 1"), ("women", "men"), (), FASHION),
    "beanie": Shelf(("Accessories", "Beanies"), (15, 35), _lines("knit plain 3; knit stripes 1; wool plain 1"), BOTH, (), FASHION),
    "scarf": Shelf(("Accessories", "Scarves"), (25, 79), _lines("wool plain 2; wool plaid 1; silk floral 1; knit stripes 1; silk polka_dots 1"), BOTH, (), FASHION),
    "glove": Shelf(("Accessories", "Gloves"), (19, 59), _lines("knit plain 2; leather plain 1; knit zigzag 1"), BOTH, ("S", "M", "L"), FASHION),
    "belt": Shelf(("Accessories", "Belts"), (25, 69), _lines("leather plain 3; suede plain 1; leather leopard 1"), ("men", "women"), ("85", "95", "105"), BAGS),
    "tie": Shelf(("Accessories", "Ties"), (25, 59), _lines("silk plain 1; silk stripes 2; silk polka_dots 1; wool checks 1"), ("men",), (), FASHION),
    "umbrella": Shelf(("Accessories", "Umbrellas"), (22, 55), _lines("nylon plain 2; nylon polka_dots 1; nylon colour-block 1; nylon stripes 1"), BOTH, (), GADGETS),
    "headphones": Shelf(("Accessories", "Headphones"), (59, 199), _lines("plastic plain 3; leather plain 1"), BOTH, (), ("Meridax",)),
    "ring": Shelf(("Jewellery", "Rings"), (59, 349), _lines("metal plain 2; metal plain 1; metal plain 1"), ("women",), ("52", "54", "56"), JEWELS),
    "earrings": Shelf(("Jewellery", "Earrings"), (29, 129), _lines("metal plain 2; metal plain 1; metal plain 1"), ("women",), (), JEWELS),
    "necklace": Shelf(("Jewellery", "Necklaces"), (39, 189), _lines("metal plain 2; metal plain 1; metal plain 1"), ("women",), (), JEWELS),
    "mug": Shelf(("Kitchen", "Mugs"), (9, 24), _lines("ceramic plain 3; ceramic stripes 1; ceramic polka_dots 1; ceramic speckled 2"), (), (), TABLE),
    "bowl": Shelf(("Kitchen", "Bowls"), (14, 49), _lines("ceramic plain 2; wood plain 1; ceramic speckled 1"), (), (), TABLE),
    "plate": Shelf(("Kitchen", "Plates"), (12, 32), _lines("ceramic plain 2; ceramic floral 1; ceramic speckled 1"), (), (), TABLE),
    "teapot": Shelf(("Kitchen", "Teapots"), (29, 69), _lines("ceramic plain 2; ceramic floral 1; ceramic marbled 1"), (), (), TABLE),
    "bottle": Shelf(("Kitchen", "Bottles"), (15, 39), _lines("metal plain 3; glass plain 1; metal colour-block 1"), (), (), TABLE),
    "vase": Shelf(("Home", "Vases"), (25, 89), _lines("ceramic plain 3; glass plain 2; ceramic stripes 1; ceramic marbled 1"), (), (), HOME),
    "candle": Shelf(("Home", "Candles"), (15, 39), _lines("glass plain 2; ceramic plain 2"), (), (), HOME),
    "plant pot": Shelf(("Home", "Plant pots"), (15, 45), _lines("ceramic plain 2; ceramic zigzag 1; ceramic speckled 1"), (), (), HOME),
    "lamp": Shelf(("Home", "Lamps"), (39, 129), _lines("linen plain 3; straw plain 1; cotton stripes 1"), (), (), HOME),
    "cushion": Shelf(("Home", "Cushions"), (18, 49), _lines("velvet plain 3; linen stripes 1; cotton floral 1; cotton zigzag 1; knit plain 1"), (), (), HOME),
    "clock": Shelf(("Home", "Clocks"), (29, 79), _lines("plastic plain 2; wood plain 1; metal plain 1"), (), (), HOME),
    "chair": Shelf(("Furniture", "Chairs"), (79, 219), _lines("velvet plain 3; leather plain 1; wood plain 2"), (), (), HOME),
    "stool": Shelf(("Furniture", "Stools"), (49, 129), _lines("leather plain 2; wood plain 1; velvet plain 1"), (), (), HOME),
    "armchair": Shelf(("Furniture", "Armchairs"), (249, 590), _lines("velvet plain 3; linen plain 1; leather plain 1; cotton floral 1"), (), (), HOME),
}

NAMES = (
    "Elin", "Harbour", "Juno", "Willow", "Atlas", "Fjord", "Clover", "Mira", "Otto", "Sable", "Linden", "Iris", "Quill",
    "Bram", "Nell", "Orla", "Tarn", "Wren", "Sol", "Vega", "Hazel", "Luca", "Opal", "Rowan", "Saga", "Theo", "Una", "Vera",
    "Alba", "Bay", "Cedar", "Dune", "Ember", "Fern", "Gale", "Heath", "Isla", "Jasper", "Kite", "Lark", "Moss", "Nora",
    "Olive Grove", "Pebble", "Reef", "Sorrel", "Tide", "Umber", "Vale", "West", "Yarrow", "Zephyr", "Briar", "Coast",
)
"""Names of designs; with kind and material they tell products apart."""

CLASSICS: dict[str, tuple[str, ...]] = {
    "handbag": ("black", "brown", "red", "tan", "navy"), "tote bag": ("navy", "cream", "black", "tan"),
    "backpack": ("black", "navy", "red", "green"), "wallet": ("brown", "black", "red", "tan"),
    "suitcase": ("black", "blue", "silver", "red"), "t-shirt": ("white", "black", "red", "navy", "green"),
    "shirt": ("white", "light blue", "navy", "red"), "jumper": ("cream", "grey", "navy", "red"),
    "hoodie": ("grey", "black", "blue", "pink"), "dress": ("red", "black", "blue", "green", "pink"),
    "jacket": ("blue", "black", "brown", "navy", "tan"), "trousers": ("beige", "black", "navy", "grey"),
    "jeans": ("blue", "black", "light blue", "navy"), "skirt": ("black", "pink", "red", "navy"),
    "sneaker": ("white", "black", "red", "blue"), "boot": ("black", "brown", "tan", "yellow", "green"),
    "sandal": ("brown", "black", "white"), "loafer": ("brown", "black", "navy", "burgundy"),
    "heel": ("black", "red", "beige", "navy"), "watch": ("brown", "black", "navy", "silver", "gold"),
    "sunglasses": ("black", "brown", "red", "gold"), "cap": ("navy", "black", "red"), "hat": ("brown", "beige", "black"),
    "beanie": ("grey", "red", "navy"), "scarf": ("red", "grey", "navy"), "belt": ("brown", "black", "tan"),
    "tie": ("navy", "burgundy", "red"), "umbrella": ("black", "red", "yellow", "navy"),
    "headphones": ("black", "white", "blue"), "mug": ("white", "red", "blue", "teal"), "vase": ("white", "teal", "blue"),
    "lamp": ("white", "mustard", "green"), "armchair": ("green", "mustard", "blue", "grey"),
    "chair": ("teal", "mustard", "pink"), "cushion": ("mustard", "teal", "pink"), "teapot": ("blue", "green", "white"),
}
"""Colours that a shopper expects a kind to come in; these are sold first."""

PARTNERS: dict[str, tuple[str, ...]] = {
    "black": ("white", "cream", "mustard"), "white": ("navy", "red", "blue", "green"), "grey": ("white", "yellow", "navy"),
    "beige": ("brown", "white", "teal"), "cream": ("navy", "burgundy", "teal", "coral"), "brown": ("cream", "beige"),
    "tan": ("cream", "navy", "white"), "red": ("white", "navy", "cream"), "burgundy": ("cream", "pink"),
    "pink": ("white", "burgundy", "red"), "coral": ("white", "cream", "navy"), "orange": ("white", "cream", "navy"),
    "yellow": ("white", "grey", "navy"), "mustard": ("cream", "white", "navy"), "olive": ("cream", "beige", "mustard"),
    "green": ("white", "cream", "pink"), "mint": ("white", "coral", "navy"), "teal": ("cream", "white", "mustard"),
    "light blue": ("white", "navy", "cream"), "blue": ("white", "cream", "yellow"),
    "navy": ("white", "cream", "red", "mustard"), "purple": ("white", "lavender"), "lavender": ("white", "purple"),
    "gold": ("red", "green", "blue", "white"), "silver": ("blue", "purple", "teal", "white"),
    "rose gold": ("pink", "white", "purple"),
}
"""Second colours that go well with the first."""
