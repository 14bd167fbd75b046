"""Sentences for the demo shop's descriptions, English and Chinese side by side."""

from __future__ import annotations

Pair = tuple[str, str]

FEATURES: dict[str, tuple[Pair, ...]] = {
    "handbag": (
        (
            "A structured handbag with room for a phone, a purse and a paperback.",
            "廓形挺括的手提包，放得下手机、钱包和一本小书。",
        ),
        (
            "Carried in the hand or in the crook of the arm, from the office to dinner.",
            "手拎或挎在臂弯都合适，从上班到晚餐都能搭配。",
        ),
    ),
    "tote bag": (
        (
            "An open tote that swallows a laptop, groceries and a scarf.",
            "敞口托特包，笔记本电脑、日用品和围巾都装得下。",
        ),
        ("Long straps sit well on the shoulder.", "长肩带背起来很舒服。"),
    ),
    "backpack": (
        (
            "A roomy backpack with a padded laptop sleeve and a zipped front pocket.",
            "大容量双肩包，内有电脑夹层，前袋带拉链。",
        ),
        (
            "Soft straps make it comfortable for school, work and weekend walks.",
            "肩带柔软，上学、通勤、周末远足都舒适。",
        ),
    ),
    "wallet": (
        (
            "Eight card slots, two note compartments and a zipped pocket for coins.",
            "八个卡位、两个钞票夹层和一个拉链零钱袋。",
        ),
        ("Slim enough for a back pocket.", "轻薄小巧，放进后袋也不显鼓。"),
    ),
    "suitcase": (
        (
            "A light cabin case with four silent wheels and a telescopic handle.",
            "轻便登机箱，四个静音万向轮，伸缩拉杆。",
        ),
        ("The ribbed shell takes knocks without showing them.", "立体条纹箱壳耐磕碰、不易留痕。"),
    ),
    "t-shirt": (
        ("An everyday t-shirt, soft from the first day.", "日常百搭的T恤，第一次穿就很柔软。"),
        ("Cut straight, neither tight nor loose.", "直筒剪裁，不紧不松。"),
    ),
    "shirt": (
        ("A long-sleeved shirt with a neat collar and a row of fine buttons.", "长袖衬衫，领型利落，纽扣精致。"),
        ("Wear it tucked in at work, open over a t-shirt at the weekend.", "上班时束进裤腰，周末可敞开套在T恤外。"),
    ),
    "jumper": (
        ("A warm jumper with ribbed cuffs and hem.", "保暖毛衣，袖口和下摆为罗纹收口。"),
        ("It layers well over a shirt on cold mornings.", "天冷时叠穿在衬衫外，层次分明。"),
    ),
    "hoodie": (
        ("A hooded sweatshirt with a roomy front pocket and a brushed inside.", "连帽卫衣，前面大口袋，内里抓绒。"),
        ("For the way to training, and for the sofa afterwards.", "运动路上穿，回家窝沙发也穿。"),
    ),
    "dress": (
        ("A dress that follows the waist and swings with every step.", "收腰连衣裙，裙摆随步伐轻轻摆动。"),
        ("With sandals by day, with heels in the evening.", "白天配凉鞋，晚上配高跟鞋。"),
    ),
    "jacket": (
        (
            "A short jacket for spring and autumn with two pockets and a proper collar.",
            "春秋短款夹克，两个口袋，领子有型。",
        ),
        ("It gets better the longer you wear it.", "越穿越有味道。"),
    ),
    "trousers": (
        ("Tapered trousers with a mid-rise waist and deep pockets.", "锥形长裤，中腰设计，口袋够深。"),
        ("Smart with a shirt, easy with sneakers.", "配衬衫干练，配球鞋随性。"),
    ),
    "jeans": (
        ("Five-pocket jeans with a straight leg and contrast stitching.", "五袋款直筒牛仔裤，撞色车线。"),
        ("Sturdy denim with a little stretch.", "厚实牛仔布，略带弹力。"),
    ),
    "shorts": (
        ("Shorts that end above the knee, with belt loops and two pockets.", "膝上短裤，带裤袢和两个口袋。"),
        ("Made for hot days and long walks by the sea.", "适合炎热的天气和海边漫步。"),
    ),
    "skirt": (
        ("A skirt with a firm waistband and plenty of movement.", "腰头服帖、摆动自如的半身裙。"),
        ("Pairs with a plain tee as well as with a knitted top.", "搭配纯色T恤或针织衫都好看。"),
    ),
    "socks": (
        ("A pair of socks with a soft cuff that stays up without pinching.", "袜口柔软，不滑落也不勒脚。"),
        ("Reinforced at heel and toe.", "袜跟与袜尖加固耐磨。"),
    ),
    "sneaker": (
        ("A sneaker with a cushioned sole and a padded collar.", "缓震鞋底，鞋口加垫的运动鞋。"),
        ("Light enough to forget that you are wearing it.", "轻得几乎感觉不到。"),
    ),
    "boot": (
        ("A sturdy boot with a non-slip sole and a low heel.", "结实短靴，防滑鞋底，低跟好走。"),
        ("Built for puddles, leaves and city streets.", "雨天、落叶、城市街道都不怕。"),
    ),
    "sandal": (
        ("A flat sandal on a shaped footbed.", "平底凉鞋，鞋床贴合足弓。"),
        ("The straps are soft at the edges and do not rub.", "鞋带边缘柔软，不磨脚。"),
    ),
    "loafer": (
        ("A slip-on loafer with a stitched apron and a low heel.", "一脚蹬乐福鞋，手缝围条，低跟舒适。"),
        ("For the days between formal and casual.", "介于正式与休闲之间的日子正好穿它。"),
    ),
    "heel": (
        ("A pointed pump with a well-balanced heel.", "尖头高跟鞋，鞋跟重心稳定。"),
        ("A padded insole keeps it comfortable through a long evening.", "软垫内里，站一整晚也不累。"),
    ),
    "watch": (
        ("A quartz wristwatch with a clear dial and slim hands.", "石英腕表，表盘清晰，指针纤细。"),
        ("Water resistant to 50 metres.", "50米防水。"),
    ),
    "sunglasses": (
        ("Sunglasses with tinted lenses and full UV protection.", "有色镜片太阳镜，全面防紫外线。"),
        ("Comes with a soft pouch.", "附赠软布收纳袋。"),
    ),
    "cap": (
        ("A six-panel cap with a curved peak and an adjustable strap.", "六片式棒球帽，弧形帽檐，可调节帽围。"),
        ("Keeps the sun out of your eyes.", "为双眼遮挡阳光。"),
    ),
    "hat": (
        ("A brimmed hat with a ribbon around the crown.", "宽檐礼帽，帽身饰有缎带。"),
        ("Holds its shape after a day in a suitcase.", "在行李箱里放一天也不变形。"),
    ),
    "beanie": (
        ("A snug beanie with a turned-up cuff.", "贴合头型的针织帽，帽口翻边。"),
        ("Warm without scratching.", "保暖又不扎人。"),
    ),
    "scarf": (
        ("A long scarf to wrap twice around the neck.", "长款围巾，可在颈间绕两圈。"),
        ("Light in the hand, warm in the wind.", "轻盈在手，抵御寒风。"),
    ),
    "glove": (
        ("A pair of gloves with long ribbed cuffs.", "一双长罗纹腕口手套。"),
        ("The fingertips work on touch screens.", "指尖可触屏。"),
    ),
    "belt": (
        ("A belt with a solid metal buckle and five holes.", "金属扣皮带，五个扣孔。"),
        ("Fits jeans and suits alike.", "配牛仔裤和西装都合适。"),
    ),
    "tie": (
        ("A hand-finished tie, eight centimetres at its widest.", "手工收边领带，最宽处八厘米。"),
        ("It makes a firm, even knot.", "领结挺括匀称。"),
    ),
    "umbrella": (
        ("A storm-proof umbrella with a curved handle.", "抗风雨伞，弯钩伞柄。"),
        ("Opens at the press of a button.", "一键自动开伞。"),
    ),
    "headphones": (
        (
            "Wireless over-ear headphones with soft cushions and 30 hours of play.",
            "无线头戴式耳机，柔软耳罩，续航30小时。",
        ),
        ("They shut out the train and let the music in.", "隔绝车厢噪音，只留下音乐。"),
    ),
    "ring": (
        ("A ring that is polished by hand.", "手工抛光的戒指。"),
        ("Arrives in a small gift box.", "附精美小礼盒。"),
    ),
    "earrings": (
        ("A pair of light earrings for every day.", "轻盈耳环，适合每天佩戴。"),
        ("Free of nickel.", "不含镍，不易过敏。"),
    ),
    "necklace": (
        ("A fine necklace, 45 cm long with an extender.", "精致项链，长45厘米，带延长链。"),
        ("Worn alone or layered.", "单戴或叠戴皆可。"),
    ),
    "mug": (
        ("A mug with a broad handle that holds 350 ml.", "宽把手马克杯，容量350毫升。"),
        ("Safe in dishwasher and microwave.", "可用洗碗机和微波炉。"),
    ),
    "bowl": (
        ("A wide bowl for salad, fruit or noodles.", "大口碗，盛沙拉、水果或面条都合适。"),
        ("Each one is a little different.", "每一只都略有不同。"),
    ),
    "plate": (
        ("A dinner plate of 26 cm with a raised rim.", "26厘米餐盘，盘沿微微翘起。"),
        ("Stacks neatly in any cupboard.", "叠放整齐，节省空间。"),
    ),
    "teapot": (
        ("A round-bellied teapot for four cups, with a strainer inside.", "圆肚茶壶，可泡四杯茶，内置滤网。"),
        ("The spout pours without dripping.", "壶嘴出水利落不滴漏。"),
    ),
    "bottle": (
        ("A 500 ml drinking bottle with a tight screw cap.", "500毫升水瓶，旋盖密封不漏。"),
        ("Fits the side pocket of every backpack.", "可放进背包侧袋。"),
    ),
    "vase": (
        ("A vase for a single branch or a full bouquet.", "插一枝或一大束都好看的花瓶。"),
        ("Also fine to look at when it is empty.", "空着摆放也是一件装饰。"),
    ),
    "candle": (
        ("A scented candle that burns for 40 hours.", "香薰蜡烛，可燃40小时。"),
        ("Notes of fig, cedar and sea salt.", "无花果、雪松与海盐的香调。"),
    ),
    "plant pot": (
        ("A plant pot with a drainage hole, shown with a house plant.", "带排水孔的花盆，图中附有绿植。"),
        ("For window sills and bookshelves.", "适合窗台和书架。"),
    ),
    "lamp": (
        ("A table lamp with a fabric shade and a warm light.", "布艺灯罩台灯，光线温暖。"),
        ("Dims at the cord.", "线控调光。"),
    ),
    "cushion": (
        ("A plump cushion with a hidden zip.", "饱满抱枕，隐形拉链。"),
        ("The cover comes off for washing.", "枕套可拆洗。"),
    ),
    "clock": (
        ("A wall clock with a silent movement.", "静音机芯挂钟。"),
        ("Easy to read from across the room.", "远远就能看清时间。"),
    ),
    "chair": (
        ("A dining chair on slim wooden legs.", "细木腿餐椅。"),
        ("Comfortable through a three-course dinner.", "吃完整顿晚餐也坐得舒服。"),
    ),
    "stool": (
        ("A round stool with a foot rail.", "带脚踏的圆凳。"),
        ("At the kitchen counter or beside the bed.", "放在厨房台边或床头都合适。"),
    ),
    "armchair": (
        ("A deep armchair with padded arms.", "座深宽大、扶手加垫的单人沙发。"),
        ("Made for long evenings with a book.", "适合伴书度过长夜。"),
    ),
}

CARE: dict[str, Pair] = {
    "leather": ("Full-grain leather that ages well.", "头层皮革，越用越有光泽。"),
    "suede": ("Soft suede; brush it dry.", "绒面革手感柔软，干刷即可清洁。"),
    "canvas": ("Heavy cotton canvas.", "厚实棉帆布。"),
    "denim": ("Sturdy cotton denim.", "结实的纯棉牛仔布。"),
    "cotton": ("Pure cotton, washable at 40 degrees.", "纯棉面料，可40度机洗。"),
    "linen": ("Airy linen that softens with every wash.", "透气亚麻，越洗越柔软。"),
    "silk": ("Light silk with a gentle shine.", "轻盈真丝，光泽柔和。"),
    "satin": ("Smooth satin that catches the light.", "顺滑缎面，光泽动人。"),
    "wool": ("Warm wool from happy sheep.", "温暖羊毛，柔软亲肤。"),
    "knit": ("Knitted from a soft wool blend.", "柔软羊毛混纺针织。"),
    "velvet": ("Dense velvet with a deep colour.", "密实丝绒，色泽浓郁。"),
    "nylon": ("Water-repellent nylon.", "防泼水尼龙。"),
    "straw": ("Woven by hand from natural straw.", "天然草编，手工编织。"),
    "rubber": ("Waterproof natural rubber.", "防水天然橡胶。"),
    "plastic": ("Light, recycled plastic.", "轻质再生塑料。"),
    "wood": ("Oiled solid wood.", "上油实木。"),
    "metal": ("Metal, finely polished.", "金属材质，精细抛光。"),
    "ceramic": ("Glazed stoneware.", "上釉陶瓷。"),
    "glass": ("Mouth-blown glass.", "人工吹制玻璃。"),
    "felt": ("Pressed wool felt.", "压制羊毛毡。"),
}
"""What to say about the material."""
