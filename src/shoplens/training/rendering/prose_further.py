"""Further sentences for the demo shop's descriptions, so that products of a kind do not all say the same."""

from __future__ import annotations

from shoplens.training.rendering.prose import Pair

FURTHER: dict[str, tuple[Pair, Pair]] = {
    "handbag": (
        ("A small handbag with a firm base that stands up by itself.", "小巧手提包，包底硬挺，能自己立住。"),
        ("Inside there is a zipped pocket and a ring for keys.", "内有拉链袋和钥匙扣环。"),
    ),
    "tote bag": (
        ("A shopper with a flat base and reinforced handles.", "平底购物托特包，提手加固。"),
        ("It folds flat when it is not needed.", "不用时可以折叠收纳。"),
    ),
    "backpack": (
        (
            "A city backpack for a 15-inch laptop and a change of clothes.",
            "城市双肩包，装得下15英寸电脑和一套换洗衣物。",
        ),
        ("A hidden pocket at the back keeps the passport.", "背面暗袋可放护照。"),
    ),
    "wallet": (
        ("A compact wallet for cards, notes and a photo.", "小巧钱包，可放卡片、纸币和一张照片。"),
        ("A lining keeps cards from being read by strangers.", "内衬防盗刷，保护卡片信息。"),
    ),
    "suitcase": (
        ("A hard-shell case for a long weekend, with a combination lock.", "周末出行硬壳箱，带密码锁。"),
        ("The lining has a mesh pocket and straps.", "内衬带网袋和绑带。"),
    ),
    "t-shirt": (
        ("A t-shirt with a fine ribbed collar that keeps its shape.", "细罗纹领T恤，领口不易变形。"),
        ("It goes under a jacket or on its own.", "可内搭夹克，也可单穿。"),
    ),
    "shirt": (
        ("A light shirt with two-button cuffs and a curved hem.", "轻薄衬衫，双扣袖口，弧形下摆。"),
        ("It needs little ironing.", "易打理，基本免烫。"),
    ),
    "jumper": (
        ("A jumper with dropped shoulders and long sleeves.", "落肩长袖毛衣。"),
        ("Made for grey afternoons and open windows.", "适合阴凉的午后与微风。"),
    ),
    "hoodie": (
        ("A hoodie with a double hood and flat cords.", "双层帽卫衣，扁绳抽带。"),
        ("Wide enough for a shirt underneath.", "版型宽松，可内搭T恤。"),
    ),
    "dress": (
        ("A knee-length dress with a marked waist.", "及膝连衣裙，腰线分明。"),
        ("It travels well and hangs out overnight.", "旅行携带方便，挂一夜即平整。"),
    ),
    "jacket": (
        ("A jacket with a straight cut, cuffs that close and an inner pocket.", "直筒夹克，袖口可扣，带内袋。"),
        ("It takes a jumper underneath in winter.", "冬天里面可以加一件毛衣。"),
    ),
    "trousers": (
        ("Trousers with a straight leg and a hook at the waist.", "直筒长裤，腰部挂扣。"),
        ("The crease stays where it belongs.", "裤线笔挺，不易走形。"),
    ),
    "jeans": (
        ("Jeans with a higher waist and a narrow leg.", "高腰窄腿牛仔裤。"),
        ("Washed once, so that they do not shrink.", "预洗工艺，不易缩水。"),
    ),
    "shorts": (
        ("Shorts with a wide hem and a drawcord inside the waist.", "宽裤口短裤，腰内抽绳。"),
        ("They dry within an hour.", "一小时即干。"),
    ),
    "skirt": (
        ("A skirt with a hidden zip and a light lining.", "隐形拉链半身裙，带薄内衬。"),
        ("It falls softly and does not cling.", "垂顺不贴身。"),
    ),
    "socks": (
        ("Two socks of even length, knitted without a seam at the toe.", "等长短袜，袜尖无缝编织。"),
        ("They keep their colour in the wash.", "机洗不褪色。"),
    ),
    "sneaker": (
        ("A low sneaker with a flat sole and a removable insole.", "低帮平底运动鞋，鞋垫可取出。"),
        ("It looks as good with a suit as with shorts.", "配西装或短裤都好看。"),
    ),
    "boot": (
        ("A boot with a warm lining and a loop for pulling it on.", "带保暖内里的靴子，鞋跟有提环。"),
        ("The tread grips on wet leaves.", "鞋底纹路防滑，湿叶路面也稳。"),
    ),
    "sandal": (
        ("A sandal that is light, flat and quick to slip into.", "轻便平底凉鞋，一蹬即穿。"),
        ("The sole bends with the foot.", "鞋底柔软，随脚弯曲。"),
    ),
    "loafer": (
        ("A loafer with a soft heel that needs no breaking in.", "软后跟乐福鞋，无需磨合。"),
        ("It is resoled by any cobbler.", "任何鞋匠都能换底。"),
    ),
    "heel": (
        ("A court shoe with a slender heel and a low-cut front.", "细跟浅口女鞋。"),
        ("It steps well on stone and on carpet.", "走石板路或地毯都稳。"),
    ),
    "watch": (
        ("A wristwatch with a domed glass and a date you can read.", "弧面镜片腕表，日期清晰可读。"),
        ("The battery lasts three years.", "电池可用三年。"),
    ),
    "sunglasses": (
        ("A pair of sunglasses with light frames and hinges that last.", "轻质镜框太阳镜，铰链耐用。"),
        ("For the beach, for the car and for late breakfasts.", "海边、开车或晚早餐都适用。"),
    ),
    "cap": (
        ("A cap with eyelets that let the air through.", "带透气孔的棒球帽。"),
        ("It packs flat and springs back.", "可压平收纳，自动回弹。"),
    ),
    "hat": (
        ("A hat with a soft brim that can be turned up or down.", "软檐帽，帽檐可翻上或翻下。"),
        ("It gives shade without weight.", "遮阳而不压头。"),
    ),
    "beanie": (
        ("A beanie knitted double over the ears.", "双层护耳针织帽。"),
        ("It fits under a hood.", "可戴在连衣帽里面。"),
    ),
    "scarf": (
        ("A scarf that is wide enough to be a blanket on the train.", "宽大围巾，坐火车时可当毯子。"),
        ("The edges are finished by hand.", "手工收边。"),
    ),
    "glove": (
        ("A glove with a snug wrist and a soft inside.", "腕部贴合、内里柔软的手套。"),
        ("It keeps the wind out on a bicycle.", "骑车时也能挡风。"),
    ),
    "belt": (
        ("A belt of an even width that is cut from one piece.", "整条裁切、宽度均匀的腰带。"),
        ("The buckle can be changed.", "带扣可更换。"),
    ),
    "tie": (
        ("A slim tie that is lined to the tip.", "窄版领带，衬里到底。"),
        ("It is at home at weddings and in meetings.", "婚礼与会议都得体。"),
    ),
    "umbrella": (
        ("A long umbrella with eight ribs and a wide roof.", "八骨长柄伞，伞面宽大。"),
        ("It turns inside out in a gust and back again.", "强风吹翻也能复原。"),
    ),
    "headphones": (
        (
            "Headphones that fold, with a cable in the box for when the battery is empty.",
            "可折叠耳机，附线缆，没电也能听。",
        ),
        ("The cushions can be replaced.", "耳罩可更换。"),
    ),
    "ring": (
        ("A slender ring that is made to be worn every day.", "纤细戒指，适合天天佩戴。"),
        ("It can be made larger or smaller.", "可改大小。"),
    ),
    "earrings": (
        ("Earrings that move with the head and catch the light.", "随头轻摆、映着光的耳环。"),
        ("The hooks stay put.", "耳钩稳固不易脱落。"),
    ),
    "necklace": (
        ("A necklace that sits just below the collarbone.", "项链垂在锁骨下方。"),
        ("The clasp closes with a click.", "扣头一按即合。"),
    ),
    "mug": (
        ("A mug that keeps tea warm with its thick wall.", "厚壁马克杯，茶水保温。"),
        ("Two of them fit under a coffee machine.", "咖啡机下可放两只。"),
    ),
    "bowl": (
        ("A bowl with a high foot and a thin rim.", "高足薄沿碗。"),
        ("For soup, for porridge and for sweets.", "盛汤、盛粥、放糖果都好。"),
    ),
    "plate": (
        ("A flat plate that is large enough for a thin pizza.", "平盘宽大，盛得下一整张薄饼。"),
        ("It goes into oven and dishwasher.", "可进烤箱和洗碗机。"),
    ),
    "teapot": (
        ("A teapot with a lid that stays on while pouring.", "倒茶时盖子不掉的茶壶。"),
        ("A handle that never gets hot.", "壶把不烫手。"),
    ),
    "bottle": (
        ("A bottle with a wide mouth that is easy to clean.", "广口水瓶，容易清洗。"),
        ("It keeps drinks cold through a long walk.", "长途步行也能保持清凉。"),
    ),
    "vase": (
        ("A vase with a heavy foot that does not tip over.", "底部厚重、不易倾倒的花瓶。"),
        ("It holds tulips as well as dry grass.", "插郁金香或干草都合适。"),
    ),
    "candle": (
        ("A candle in a jar with a cotton wick.", "罐装蜡烛，棉质烛芯。"),
        ("Afterwards the jar holds pencils.", "用完后罐子可作笔筒。"),
    ),
    "plant pot": (
        ("A pot with a saucer inside that keeps the sill dry.", "内置托盘的花盆，窗台不沾水。"),
        ("The plant in the picture is part of the offer.", "图中植物随盆附送。"),
    ),
    "lamp": (
        ("A bedside lamp with a switch at the foot.", "底座带开关的床头灯。"),
        ("It takes any bulb with a large thread.", "适用大螺口灯泡。"),
    ),
    "cushion": (
        ("A cushion for sofas, benches and window seats.", "沙发、长凳和飘窗都适用的靠垫。"),
        ("The filling keeps its shape.", "填充饱满，不易塌陷。"),
    ),
    "clock": (
        ("A clock with bold hands and a slim case.", "粗指针薄框挂钟。"),
        ("It runs for two years on one battery.", "一节电池走两年。"),
    ),
    "chair": (
        ("A chair for the desk as well as for the table.", "书桌餐桌两用椅。"),
        ("It carries 130 kilograms.", "承重130公斤。"),
    ),
    "stool": (
        ("A stool at the height of a kitchen counter.", "与厨房台面齐高的凳子。"),
        ("Felt under its feet spares the floor.", "凳脚贴毛毡，保护地板。"),
    ),
    "armchair": (
        ("An armchair with a high back and springs that last.", "高靠背单人沙发，弹簧耐用。"),
        ("The cushion can be turned over.", "坐垫可两面翻用。"),
    ),
}
"""For each kind another opening and another second sentence."""
