import { CATEGORIES } from "./categories.js";

// What the page says, in English and Chinese, and how common values of attributes are called and look.
const WORDS = {
  en: {
    skip: "Skip to results", search: "Search", more: "More", drop: "Drop the photo to search with it",
    privacy: "Photos are used for this one search and not stored.", ask: "What are you looking for?",
    pick: "Search with a photo", remove: "Remove this photo", unlike: "Remove this product", similar: "Find similar",
    why: "Why this?", found: (n, ms) => `${n.toLocaleString("en")} ${n === 1 ? "product" : "products"} · ${ms} ms`,
    likely: "No sure match; these come closest. ", none: "Nothing in this shop is like it.",
    fewer: "Fewer words may help.", unfilter: "Try it without the filters.", busy: "Searching…",
    failed: "The search did not work: ", unreachable: "the shop cannot be reached", again: "Try again",
    heat: "Where on the picture it matches", seen: "by its picture", asked: "asked for: ", rule: "rule",
    degraded: "A part of the search is not working just now; the results may be poorer. ",
    out: "out of stock", picture: "no picture", photo: "photo", filters: "Filters", category: "Category",
    color: "Colour", brand: "Brand", material: "Material", pattern: "Pattern", gender: "For", size: "Size",
    price: "Price up to", stock: "In stock only", sort: "Order", best: "Best match", cheap: "Price, low to high",
    dear: "Price, high to low", like: "Similar to ", words: "words as written", "words>picture": "words ↔ picture",
    "words>text": "words ↔ description", "picture>picture": "photo ↔ picture", "seed>picture": "product ↔ picture",
    "picture>attributes": "what the picture shows",
    "seed>text": "product ↔ description", photos: "Photos and products of this search", results: "Results",
    chosen: "Chosen filters", drops: "Remove filter",
    plain: "Search for it as plain words", read: "Read out of your words", understood: "what you asked for",
    clear: "Clear all filters", all: (n) => `Show all ${n}`,
    suggestions: "Suggestions", counted: (n) => n.toLocaleString("en"), meant: "Did you mean", in: "in ",
    product: "product", less: "Show fewer", inside: "Show what is in", many: "At most 8 photos are used.", and: " and ",
  },
  zh: {
    skip: "跳到结果", search: "搜索", more: "更多", drop: "松开即可用这张照片搜索",
    privacy: "照片只用于本次搜索，不会保存。", ask: "想找什么？", pick: "用照片搜索", remove: "移除这张照片",
    unlike: "移除这件商品", similar: "找相似", why: "为什么是它？", found: (n, ms) => `${n.toLocaleString("zh")} 件商品 · ${ms} 毫秒`,
    likely: "没有完全匹配的，以下最接近。", none: "店里没有类似的商品。", fewer: "减少文字试试。",
    unfilter: "去掉筛选条件试试。", busy: "正在搜索…", failed: "搜索失败：", unreachable: "无法连接商店", again: "重试",
    heat: "图片上匹配的位置", seen: "看图", asked: "要的是：", rule: "规则",
    degraded: "搜索的一部分暂时不可用，结果可能不够好。", out: "缺货", picture: "暂无图片", photo: "照片",
    filters: "筛选", category: "类别", color: "颜色", brand: "品牌", material: "材质", pattern: "图案", gender: "适用人群",
    size: "尺码", price: "最高价格", stock: "只看有货", sort: "排序", best: "最匹配", cheap: "价格从低到高", dear: "价格从高到低",
    like: "相似于：", words: "文字匹配", "words>picture": "文字 ↔ 图片", "words>text": "文字 ↔ 描述",
    "picture>picture": "照片 ↔ 图片", "picture>attributes": "图片所示", "seed>picture": "商品 ↔ 图片", "seed>text": "商品 ↔ 描述",
    photos: "本次搜索的照片和商品", results: "结果", chosen: "已选筛选条件", drops: "移除筛选条件",
    plain: "按原文搜索", read: "从您的文字中读出", understood: "符合要求", clear: "清除全部筛选",
    all: (n) => `显示全部 ${n} 项`, suggestions: "建议", counted: (n) => n.toLocaleString("zh"), meant: "您是不是要找", in: "类别 ",
    product: "商品", less: "收起", inside: "展开", many: "最多使用 8 张照片。", and: "、",
  },
};

// What an answer notes, by its code (the same codes as in the API's reference), from the note's values.
const NOTES = {
  en: {
    words_cut: ({ limit }) => `Only the first ${limit} characters were used.`,
    terms_cut: ({ limit }) => `Only the first ${limit} words were looked up.`,
    typo: ({ written, read }) => `No product has the word “${written}”; these are the results for “${read}”.`,
    recoloured: ({ colours }) => `Looked for what the photo shows, in ${list(colours)}.`,
    price_other_currency: ({ written, asked, currency }) =>
      `“${written}” is in ${asked}; prices here are in ${currency}, so it was left out.`,
    not_understood: ({ chips, denials }) =>
      `That is more than ${chips} wishes, or ${denials} refusals, at once; the words were looked for as written.`,
    cropped: ({ photo, crop }) =>
      `Photo ${photo} is like nothing here as a whole; a part of it was looked for (${crop}).`,
    texts_only: ({ words }) => `“${words}” was looked for in the descriptions only, not in the pictures.`,
    kind_beyond_price: ({ kind, limit, without }) =>
      `There is no “${kind}” “${limit}” here, but ${count(without)} at other prices; these are other things at that price.`,
    sort_without_values: ({ fields }) => `No product has a value for ${list(fields)}, so the order does not change.`,
    diversity_sorted: () => "The hits are in the order that was asked for, so nothing was spread.",
    shop_empty: () => "There is no product in this shop yet. Next: shoplens index FEED --shop DIR",
    filter_without_values: ({ fields }) => `No product here has a value for ${list(fields)}, so this filter leaves nothing.`,
    filter_leaves_none: ({ total }) => `The filters leave none of the ${count(total)} products.`,
    filter_hides: ({ left, total, without }) =>
      `The filters leave ${count(left)} of ${count(total)} products, none of them like it; without them the search finds ${count(without)}.`,
    words_unknown: ({ words }) => `No product has the words “${words}”.`,
  },
  zh: {
    words_cut: ({ limit }) => `只使用了前 ${limit} 个字。`,
    terms_cut: ({ limit }) => `只查找了前 ${limit} 个词。`,
    typo: ({ written, read }) => `没有商品含“${written}”，以下是“${read}”的结果。`,
    recoloured: ({ colours }) => `按照片的样子查找，颜色换成${list(colours)}。`,
    price_other_currency: ({ written, asked, currency }) => `“${written}”用的是${asked}，本店以${currency}标价，未做换算，已忽略。`,
    not_understood: ({ chips, denials }) => `要求超过 ${chips} 项，或排除超过 ${denials} 项，已按原文查找。`,
    cropped: ({ photo, crop }) => `照片 ${photo} 整体与店内商品都不相似，已改用其中一部分查找（${crop}）。`,
    texts_only: ({ words }) => `“${words}”只在商品文字中查找，未与图片比较。`,
    kind_beyond_price: ({ kind, limit, without }) =>
      `“${limit}”内没有“${kind}”，其他价位有 ${count(without)} 件；以下是该价位的其他商品。`,
    sort_without_values: ({ fields }) => `没有商品填写${list(fields)}，排序不变。`,
    diversity_sorted: () => "已按所选排序，未作分散。",
    shop_empty: () => "店里还没有商品。下一步：shoplens index FEED --shop DIR",
    filter_without_values: ({ fields }) => `店里没有商品填写${list(fields)}，因此筛选后没有商品。`,
    filter_leaves_none: ({ total }) => `筛选后，${count(total)} 件商品一件不剩。`,
    filter_hides: ({ left, total, without }) =>
      `筛选后剩 ${count(left)} / ${count(total)} 件商品，其中没有类似的；不筛选则有 ${count(without)} 件。`,
    words_unknown: ({ words }) => `没有商品含“${words}”。`,
  },
};
const CAUSES = ["shop_empty", "filter_without_values", "filter_leaves_none", "filter_hides", "words_unknown"];

// Common values: their Chinese name and, for colours, how they look. A product's own "color_zh" comes before these.
const COLOURS = {
  black: ["黑色", "#1b1b1b"], white: ["白色", "#ffffff"], grey: ["灰色", "#8b8b8b"], gray: ["灰色", "#8b8b8b"],
  silver: ["银色", "#c4c6c9"], red: ["红色", "#c62a2f"], burgundy: ["酒红色", "#6d1a2d"], coral: ["珊瑚色", "#f3796b"],
  pink: ["粉色", "#eb9cb4"], "rose gold": ["玫瑰金", "#d9a08c"], orange: ["橙色", "#e8781e"], brown: ["棕色", "#6f4a2f"],
  tan: ["驼色", "#c09160"], beige: ["米色", "#dfd0b4"], cream: ["奶油色", "#f4ead2"], yellow: ["黄色", "#f2cf3b"],
  mustard: ["芥末黄", "#cf9b1f"], gold: ["金色", "#cba24a"], green: ["绿色", "#3a8a4d"], olive: ["橄榄绿", "#75753a"],
  mint: ["薄荷绿", "#a7dcc4"], teal: ["青色", "#1f7a7d"], blue: ["蓝色", "#2f5fc4"], "light blue": ["浅蓝色", "#9cc6ea"],
  navy: ["藏青色", "#1f2b50"], purple: ["紫色", "#71449a"], lavender: ["薰衣草紫", "#b9a7dd"],
};
const VALUES = {
  cotton: "棉", leather: "皮革", ceramic: "陶瓷", metal: "金属", knit: "针织", suede: "麂皮", denim: "牛仔布", linen: "亚麻",
  nylon: "尼龙", canvas: "帆布", plastic: "塑料", silk: "丝绸", wool: "羊毛", velvet: "天鹅绒", wood: "木", glass: "玻璃",
  straw: "草编", felt: "毛毡", rubber: "橡胶", satin: "缎面", polyester: "涤纶", fleece: "抓绒", plain: "纯色", solid: "纯色",
  stripes: "条纹", striped: "条纹", floral: "花卉", "polka dots": "波点", "colour-block": "拼色", "color-blocked": "拼色",
  checks: "格子", plaid: "格纹", speckled: "斑点", zigzag: "之字纹", camouflage: "迷彩", leopard: "豹纹", marbled: "大理石纹",
  unisex: "男女通用", women: "女士", men: "男士", kids: "儿童",
};

const remembered = () => { try { return localStorage.getItem("language"); } catch { return null; } };
let now = remembered() ?? (navigator.language.startsWith("zh") ? "zh" : "en");
if (!(now in WORDS)) now = "en";

export const language = () => now;
export function speak(other) {
  now = other;
  try { localStorage.setItem("language", other); } catch { /* storage is shut: kept until the page is left */ }
}
export const say = (key) => WORDS[now][key] ?? key;
const count = (n) => n.toLocaleString(now);
const list = (fields) => fields.map((field) => WORDS[now][field] ?? field).join(WORDS[now].and);
export const noted = ({ code, values, text }) => NOTES[now][code]?.(values) ?? text;
export const isCause = ({ code }) => CAUSES.includes(code); // it says why nothing was found
export const colour = (value) => COLOURS[value.toLowerCase()]?.[1];

const seen = new Map(); // "color" + value -> the Chinese name that a product of this shop gives it
export function learn(attributes) {
  for (const [key, values] of Object.entries(attributes ?? {})) {
    const names = attributes[`${key}_zh`];
    if (names?.length === values.length) values.forEach((value, n) => seen.set(`${key}\n${value.toLowerCase()}`, names[n]));
  }
}
// A category's own Chinese names: as many as its path has parts.
export function learnCategory({ category, attributes }) {
  const names = attributes?.category_zh?.flatMap((name) => name.split(/\s*>\s*/));
  if (names?.length === category?.length) category.forEach((part, n) => seen.set(`category\n${part.toLowerCase()}`, names[n]));
}
export function named(field, value) {
  if (now !== "zh") return value;
  if (field === "category" && value.includes(" > ")) return value.split(" > ").map((part) => named(field, part)).join(" > ");
  const key = value.toLowerCase();
  if (field === "category") return seen.get(`category\n${key}`) ?? CATEGORIES[key] ?? value;
  return seen.get(`${field}\n${key}`) ?? (field === "color" ? COLOURS[key]?.[0] : VALUES[key]) ?? value;
}
