// Common values of attributes: their Chinese names and, for colours, how they look. What a shop itself says comes before these.
import { language } from "~/i18n";
import type { Schemas } from "~/api";
import { CATEGORIES } from "./categories";

const COLOURS: Record<string, readonly [string, string]> = {
  black: ["黑色", "#1b1b1b"], white: ["白色", "#ffffff"], grey: ["灰色", "#8b8b8b"], gray: ["灰色", "#8b8b8b"],
  silver: ["银色", "#c4c6c9"], red: ["红色", "#c62a2f"], burgundy: ["酒红色", "#6d1a2d"], coral: ["珊瑚色", "#f3796b"],
  pink: ["粉色", "#eb9cb4"], "rose gold": ["玫瑰金", "#d9a08c"], orange: ["橙色", "#e8781e"], brown: ["棕色", "#6f4a2f"],
  tan: ["驼色", "#c09160"], beige: ["米色", "#dfd0b4"], cream: ["奶油色", "#f4ead2"], yellow: ["黄色", "#f2cf3b"],
  mustard: ["芥末黄", "#cf9b1f"], gold: ["金色", "#cba24a"], green: ["绿色", "#3a8a4d"], olive: ["橄榄绿", "#75753a"],
  mint: ["薄荷绿", "#a7dcc4"], teal: ["青色", "#1f7a7d"], blue: ["蓝色", "#2f5fc4"], "light blue": ["浅蓝色", "#9cc6ea"],
  navy: ["藏青色", "#1f2b50"], purple: ["紫色", "#71449a"], lavender: ["薰衣草紫", "#b9a7dd"],
};
const VALUES: Record<string, string> = {
  cotton: "棉", leather: "皮革", ceramic: "陶瓷", metal: "金属", knit: "针织", suede: "麂皮", denim: "牛仔布", linen: "亚麻",
  nylon: "尼龙", canvas: "帆布", plastic: "塑料", silk: "丝绸", wool: "羊毛", velvet: "天鹅绒", wood: "木", glass: "玻璃",
  straw: "草编", felt: "毛毡", rubber: "橡胶", satin: "缎面", polyester: "涤纶", fleece: "抓绒", plain: "纯色", solid: "纯色",
  stripes: "条纹", striped: "条纹", floral: "花卉", "polka dots": "波点", "colour-block": "拼色", "color-blocked": "拼色",
  checks: "格子", plaid: "格纹", speckled: "斑点", zigzag: "之字纹", camouflage: "迷彩", leopard: "豹纹", marbled: "大理石纹",
  unisex: "男女通用", women: "女士", men: "男士", kids: "儿童",
};

type Attributes = Record<string, readonly string[]> | undefined;
const PATH = " > ";
const seen = new Map<string, string>(); // field + value -> the Chinese name that a product of this shop gives it

export const hexOf = (value: string): string | undefined => COLOURS[value.toLowerCase()]?.[1];

export function learn(attributes: Attributes): void {
  for (const [key, values] of Object.entries(attributes ?? {})) {
    const names = attributes?.[`${key}_zh`];
    if (names?.length === values.length) values.forEach((value, n) => seen.set(`${key}\n${value.toLowerCase()}`, names[n] ?? value));
  }
}

/** Takes over the names that a product gives its values; of a category as many as its path has parts. */
export function learnFrom(product: Schemas["Product"]): void {
  const names = (product.attributes as Attributes)?.category_zh?.flatMap((name) => name.split(/\s*>\s*/));
  if (names?.length === product.category.length) {
    product.category.forEach((part, n) => seen.set(`category\n${part.toLowerCase()}`, names[n] ?? part));
  }
  learn(product.attributes as Attributes);
  for (const variant of product.variants) learn(variant.attributes as Attributes);
}

/** A value as people of this language call it. */
export function named(field: string, value: string): string {
  if (language() !== "zh") return value;
  if (field === "category" && value.includes(PATH)) return value.split(PATH).map((part) => named(field, part)).join(PATH);
  const key = value.toLowerCase();
  if (field === "category") return seen.get(`category\n${key}`) ?? CATEGORIES[key] ?? value;
  return seen.get(`${field}\n${key}`) ?? (field === "color" ? COLOURS[key]?.[0] : VALUES[key]) ?? value;
}
