// What the shop window says. A key that is missing in one language does not compile.
import { list, number, texts } from "~/i18n";

const products = (n: number) => `${number(n)} ${n === 1 ? "product" : "products"}`;

const en = {
  skip: "Skip to results", search: "Search", more: "More", loading: "More products are on their way", drop: "Drop the photo to search with it",
  ask: "What are you looking for?", sample: "Words, or a photo · 文字或照片", pick: "Search with a photo", camera: "Take a photo",
  // what the search starts from
  clues: "Photos and products of this search", remove: (name: string) => `Remove this photo: ${name}`, unlike: (name: string) => `Remove this product: ${name}`,
  photo: "photo", part: (kind: string) => `Search with this part: ${kind}`, thing: "thing",
  crop: (name: string) => `Choose a part of ${name}`, cropped: "part", cropTitle: "Which part of the photo?", cropHelp: "Drag a frame around the thing, or press the photo where it is. Arrow keys move the frame, with Shift they resize it.",
  frame: "Frame", whole: "The whole photo", use: "Search with this part", larger: "Larger", smaller: "Smaller", proposed: "Proposed",
  exclude: (name: string) => `Nothing like ${name}`, excluded: "not like it",
  balance: "More like the photo, or more like the words", likePhoto: "like the photo", likeWords: "like the words",
  balanced: "evenly", towardsPhoto: (n: number) => `photo ${n} of 4`, towardsWords: (n: number) => `words ${n} of 4`,
  many: "At most 8 photos are used.", unshared: "A shared address does not carry the photo.",
  // photo quality
  dark: "This photo is rather dark. More light would help.", bright: "This photo is washed out. Less light would help.",
  blurred: "This photo is blurred. Hold still, or wipe the lens.", tiny: "This photo is very small. Go closer, or take a larger one.",
  flat: "Hardly anything stands out in this photo.", crowded: "There is more on this photo than one thing. Search with one part of it?",
  // results
  results: "Results", found: (n: number, ms: string) => `${products(n)} · ${ms} ms`, likely: "No sure match; these come closest. ",
  none: "Nothing in this shop is like it.", fewer: "Fewer words may help.", unfilter: "Try it without the filters.", busy: "Searching…",
  failed: "The search did not work: ", degraded: "A part of the search is not working just now; the results may be poorer. ",
  like: (name: string) => `Similar to ${name}. `, ends: "What surely matches ends here. These are only similar.",
  similar: "Find similar", similarTo: (name: string) => `Find similar: ${name}`, notLike: (name: string) => `Not like this: ${name}`, why: "Why this?", whyThis: (name: string) => `Why this? ${name}`,
  out: "out of stock", picture: "no picture", colours: "Colours", inColour: (name: string, colour: string) => `${name} in ${colour}`, moreColours: (n: number) => `and ${number(n)} more`,
  meant: (words: string) => ["Did you mean ", words, "?"] as readonly [string, string, string],
  // nothing found
  helps: "What may help", dropFilters: "Take all filters off", dropPhotos: "Search without the photo", dropUnlike: "Allow again what you ruled out", lastWord: (words: string) => `Search for “${words}” only`, plainly: "Take the words as they are written", all_: "Show the whole shop",
  // why
  heat: "Where on the picture it matches", showHeat: "Show where it matches", parts: "What it counts for", seen: "by its picture", asked: "asked for: ", photoShows: "the photo looks like: ", likeIs: "the chosen product is: ", agrees: "Agrees", differs: "Differs", matched: "Words found", sure: (percent: string) => `How sure: ${percent}`, noReasons: "Nothing was asked for, so the products come in the shop's own order.",
  words: "words as written", wordsPicture: "words ↔ picture", wordsText: "words ↔ description", picturePicture: "photo ↔ picture", pictureAttributes: "what the picture shows", seedPicture: "product ↔ picture", seedText: "product ↔ description", rule: "rule", diversity: "variety", understood: "what you asked for",
  // filters
  filters: "Filters", chosen: "Chosen filters", drops: (text: string) => `Remove filter: ${text}`, plain: (text: string) => `Search for it as plain words: ${text}`, read: "Read out of your words",
  clear: "Clear all filters", ruleOut: "To rule something out, write it: “not leather”.", all: (n: number) => `Show all ${number(n)}`, less: "Show fewer", inside: (name: string) => `Show what is in ${name}`,
  category: "Category", color: "Colour", brand: "Brand", material: "Material", pattern: "Pattern", gender: "For", size: "Size", prices: "Price", price: "Price up to", priceFrom: "Price from", stock: "In stock only",
  sort: "Order", best: "Best match", cheap: "Price, low to high", dear: "Price, high to low",
  suggestions: "Suggestions", in_: "in ", product: "product",
  // one product
  back: "Back to the results", toShop: "See it in the shop", likeIt: "Similar products", pictures: "Pictures", pictureN: (n: number) => `Picture ${number(n)}`, inStock: "in stock", missing: "This product is not in the shop any more.", shop: "The shop",
  recent: "Recently viewed", forget: "Forget these",
  privacy: "Photos are used for this one search and not stored.", privacyMore: "What is stored?", privacyTitle: "What happens to what you give",
  privacyPhotos: "Your photo is made small on your own device, without its place and time, and sent for this one search. It is not stored.",
  privacyWords: "The shop keeps what was searched for and how much was found, to become better. Not who asked: no name, no address, and e-mail addresses are taken out.",
  privacyBrowser: "This browser remembers your language, light or dark, and the products that you viewed last. You can forget these here.",

};
const zh: { [K in keyof typeof en]: (typeof en)[K] extends string ? string : (typeof en)[K] } = {
  skip: "跳到结果", search: "搜索", more: "更多", loading: "正在加载更多商品", drop: "松开即可用这张照片搜索",
  ask: "想找什么？", sample: "文字或照片 · Words, or a photo", pick: "用照片搜索", camera: "拍照",
  clues: "本次搜索的照片和商品", remove: (name) => `移除这张照片: ${name}`, unlike: (name) => `移除这件商品: ${name}`,
  photo: "照片", part: (kind) => `用这一部分搜索：${kind}`, thing: "物品",
  crop: (name) => `选取${name}的一部分`, cropped: "局部", cropTitle: "用照片的哪一部分？", cropHelp: "拖出一个框，或点按物品所在的位置。方向键移动选框，按住 Shift 调整大小。",
  frame: "选框", whole: "整张照片", use: "用这一部分搜索", larger: "放大", smaller: "缩小", proposed: "推荐",
  exclude: (name) => `不要像${name}的`, excluded: "不要像它",
  balance: "更像照片，还是更像文字", likePhoto: "更像照片", likeWords: "更像文字",
  balanced: "各半", towardsPhoto: (n) => `偏照片 ${n}/4`, towardsWords: (n) => `偏文字 ${n}/4`,
  many: "最多使用 8 张照片。", unshared: "分享的网址不含照片。",
  dark: "照片有些暗，光线足一些会更好。", bright: "照片过亮，光线弱一些会更好。", blurred: "照片有些模糊，请拿稳或擦一下镜头。", tiny: "照片太小，请靠近一些或换一张大的。",
  flat: "照片里几乎看不出东西。", crowded: "照片里不止一件东西，要只用其中一部分吗？",
  results: "结果", found: (n, ms) => `${number(n)} 件商品 · ${ms} 毫秒`, likely: "没有完全匹配的，以下最接近。",
  none: "店里没有类似的商品。", fewer: "减少文字试试。", unfilter: "去掉筛选条件试试。", busy: "正在搜索…",
  failed: "搜索失败：", degraded: "搜索的一部分暂时不可用，结果可能不够好。",
  like: (name) => `相似于：${name}。`, ends: "确定匹配的到此为止，以下只是相似。",
  similar: "找相似", similarTo: (name) => `找相似: ${name}`, notLike: (name) => `不要像这样的: ${name}`, why: "为什么是它？", whyThis: (name) => `为什么是它？ ${name}`,
  out: "缺货", picture: "暂无图片", colours: "颜色", inColour: (name, colour) => `${name}，${colour}`, moreColours: (n) => `另有 ${number(n)} 种`,
  meant: (words) => ["您是不是要找 ", words, "？"] as const,
  helps: "可以试试", dropFilters: "去掉所有筛选", dropPhotos: "不用照片搜索", dropUnlike: "恢复已排除的", lastWord: (words) => `只搜“${words}”`, plainly: "按文字原样搜索", all_: "看全部商品",
  heat: "图片上匹配的位置", showHeat: "显示匹配的位置", parts: "各部分得分", seen: "看图", asked: "要的是：", photoShows: "照片看起来是：", likeIs: "所选商品是：", agrees: "符合", differs: "不符", matched: "匹配的文字", sure: (percent) => `把握：${percent}`, noReasons: "没有搜索条件，商品按店内顺序排列。",
  words: "文字匹配", wordsPicture: "文字 ↔ 图片", wordsText: "文字 ↔ 描述", picturePicture: "照片 ↔ 图片", pictureAttributes: "图片所示", seedPicture: "商品 ↔ 图片", seedText: "商品 ↔ 描述", rule: "规则", diversity: "多样", understood: "符合要求",
  filters: "筛选", chosen: "已选筛选条件", drops: (text) => `移除筛选条件: ${text}`, plain: (text) => `按原文搜索: ${text}`, read: "从您的文字中读出",
  clear: "清除全部筛选", ruleOut: "想排除什么，直接写：“不要皮革”。", all: (n) => `显示全部 ${number(n)} 项`, less: "收起", inside: (name) => `展开 ${name}`,
  category: "类别", color: "颜色", brand: "品牌", material: "材质", pattern: "图案", gender: "适用人群", size: "尺码", prices: "价格", price: "最高价格", priceFrom: "最低价格", stock: "只看有货",
  sort: "排序", best: "最匹配", cheap: "价格从低到高", dear: "价格从高到低",
  suggestions: "建议", in_: "类别 ", product: "商品",
  back: "返回结果", toShop: "去商店查看", likeIt: "相似商品", pictures: "图片", pictureN: (n) => `图片 ${number(n)}`, inStock: "有货", missing: "这件商品已不在店里。", shop: "商店",
  recent: "最近看过", forget: "清除记录",
  privacy: "照片只用于本次搜索，不会保存。", privacyMore: "保存了什么？", privacyTitle: "您提供的内容会怎样",
  privacyPhotos: "照片先在您的设备上缩小，去掉时间和地点，只用于这一次搜索，不会保存。",
  privacyWords: "商店会记录搜索内容和结果数量，用来改进搜索；不记录是谁搜的：没有姓名，没有地址，邮箱地址也会去掉。",
  privacyBrowser: "此浏览器会记住语言、深浅色和最近看过的商品，您可以在这里清除。",

};
export const say = texts({ en: en as typeof zh, zh });

// What an answer notes, by its code (the same codes as in the API's reference), from the note's values.
interface Values {
  limit: number; written: string; read: string; colours: string[]; asked: string; currency: string; chips: number; denials: number; photo: number;
  words: string; kind: string; without: number; fields: string[]; total: number; left: number;
}
type Noted = (values: Values) => string;
const said = (fields: readonly string[]) => list(fields.map((field) => (say() as unknown as Record<string, string>)[field] ?? field));
const notesEn = {
  words_cut: ({ limit }) => `Only the first ${limit} characters were used.`,
  terms_cut: ({ limit }) => `Only the first ${limit} words were looked up.`,
  typo: ({ written, read }) => `No product has the word “${written}”; these are the results for “${read}”.`,
  recoloured: ({ colours }) => `Looked for what the photo shows, in ${list(colours)}.`,
  price_other_currency: ({ written, asked, currency }) => `“${written}” is in ${asked}; prices here are in ${currency}, so it was left out.`,
  not_understood: ({ chips, denials }) => `That is more than ${chips} wishes, or ${denials} refusals, at once; the words were looked for as written.`,
  cropped: ({ photo }) => `Photo ${photo} is like nothing here as a whole; the framed part of it was looked for.`,
  texts_only: ({ words }) => `“${words}” was looked for in the descriptions only, not in the pictures.`,
  kind_beyond_price: ({ kind, limit, without }) => `There is no “${kind}” “${limit}” here, but ${number(without)} at other prices; these are other things at that price.`,
  sort_without_values: ({ fields }) => `No product has a value for ${said(fields)}, so the order does not change.`,
  diversity_sorted: () => "The hits are in the order that was asked for, so nothing was spread.",
  shop_empty: () => "There is no product in this shop yet. Next: shoplens index FEED --shop DIR",
  filter_without_values: ({ fields }) => `No product here has a value for ${said(fields)}, so this filter leaves nothing.`,
  filter_leaves_none: ({ total }) => `The filters leave none of the ${number(total)} products.`,
  filter_hides: ({ left, total, without }) => `The filters leave ${number(left)} of ${number(total)} products, none of them like it; without them the search finds ${number(without)}.`,
  words_unknown: ({ words }) => `No product has the words “${words}”.`,
} satisfies Record<string, Noted>;
const notesZh: Record<keyof typeof notesEn, Noted> = {
  words_cut: ({ limit }) => `只使用了前 ${limit} 个字。`,
  terms_cut: ({ limit }) => `只查找了前 ${limit} 个词。`,
  typo: ({ written, read }) => `没有商品含“${written}”，以下是“${read}”的结果。`,
  recoloured: ({ colours }) => `按照片的样子查找，颜色换成${list(colours)}。`,
  price_other_currency: ({ written, asked, currency }) => `“${written}”用的是${asked}，本店以${currency}标价，未做换算，已忽略。`,
  not_understood: ({ chips, denials }) => `要求超过 ${chips} 项，或排除超过 ${denials} 项，已按原文查找。`,
  cropped: ({ photo }) => `照片 ${photo} 整体与店内商品都不相似，已改用框出的部分查找。`,
  texts_only: ({ words }) => `“${words}”只在商品文字中查找，未与图片比较。`,
  kind_beyond_price: ({ kind, limit, without }) => `“${limit}”内没有“${kind}”，其他价位有 ${number(without)} 件；以下是该价位的其他商品。`,
  sort_without_values: ({ fields }) => `没有商品填写${said(fields)}，排序不变。`,
  diversity_sorted: () => "已按所选排序，未作分散。",
  shop_empty: () => "店里还没有商品。下一步：shoplens index FEED --shop DIR",
  filter_without_values: ({ fields }) => `店里没有商品填写${said(fields)}，因此筛选后没有商品。`,
  filter_leaves_none: ({ total }) => `筛选后，${number(total)} 件商品一件不剩。`,
  filter_hides: ({ left, total, without }) => `筛选后剩 ${number(left)} / ${number(total)} 件商品，其中没有类似的；不筛选则有 ${number(without)} 件。`,
  words_unknown: ({ words }) => `没有商品含“${words}”。`,
};
const notes = texts<Record<string, Noted>>({ en: notesEn, zh: notesZh });

export interface Note { code: string; text: string; values: object }
export const noted = ({ code, values, text }: Note): string => notes()[code]?.(values as unknown as Values) ?? text;
const CAUSES = ["shop_empty", "filter_without_values", "filter_leaves_none", "filter_hides", "words_unknown"];
/** It says why nothing was found. */
export const isCause = ({ code }: Note): boolean => CAUSES.includes(code);
