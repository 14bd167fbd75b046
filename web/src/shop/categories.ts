// Common categories by their Chinese names. What a shop's own "category_zh" says comes before these.
export const CATEGORIES: Record<string, string> = {
  accessories: "配饰", armchairs: "扶手椅", backpacks: "双肩包", bags: "包", bath: "卫浴", beanies: "针织帽", bedding: "床品",
  belts: "腰带", blankets: "毯子", blouses: "女式衬衫", boots: "靴子", bottles: "水瓶", bottoms: "下装", bowls: "碗", boys: "男童",
  bracelets: "手链", bras: "文胸", candles: "蜡烛", caps: "鸭舌帽", carpets: "地毯", chairs: "椅子", children: "儿童", clocks: "钟",
  clothing: "服装", coats: "大衣", cups: "杯子", curtains: "窗帘", cushions: "靠垫", dresses: "连衣裙", earrings: "耳环",
  electronics: "电子产品", "fitness equipment": "健身器材", furniture: "家具", garden: "园艺", gear: "装备", girls: "女童",
  gloves: "手套", "hair accessories": "发饰", handbags: "手提包", hats: "帽子", headphones: "耳机", "high heels": "高跟鞋",
  home: "家居", hoodies: "连帽衫", "hoodies & sweatshirts": "卫衣", jackets: "夹克", jeans: "牛仔裤", jewellery: "珠宝首饰",
  jewelry: "珠宝首饰", jumpers: "套头毛衣", kids: "儿童", kitchen: "厨房", knitwear: "针织衫", lamps: "灯具", lighting: "灯具",
  lingerie: "内衣", loafers: "乐福鞋", luggage: "行李箱包", men: "男士", mugs: "马克杯", necklaces: "项链", outerwear: "外套",
  pants: "长裤", pillows: "枕头", "plant pots": "花盆", plates: "盘子", rings: "戒指", rugs: "地毯", sale: "特价", sandals: "凉鞋",
  scarves: "围巾", shirts: "衬衫", shoes: "鞋", shorts: "短裤", skirts: "半身裙", sneakers: "运动鞋", socks: "袜子", sofas: "沙发",
  sports: "运动", stools: "凳子", suitcases: "行李箱", suits: "西装", sunglasses: "太阳镜", sweaters: "毛衣", swimwear: "泳装",
  "t-shirts": "T恤", tables: "桌子", tanks: "背心", teapots: "茶壶", tees: "T恤", ties: "领带", tops: "上衣", "tote bags": "托特包",
  towels: "毛巾", toys: "玩具", trousers: "长裤", umbrellas: "雨伞", underwear: "内衣", vases: "花瓶", wallets: "钱包",
  watches: "手表", women: "女士",
};
