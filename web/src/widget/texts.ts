// What the widget says. Its language is its own (the attribute lang), not the page's that it stands on.
import type { Texts } from "~/i18n";
import type { Refusal } from "./asking";

export type Language = "en" | "zh";
export const languageOf = (tag: string): Language => (tag.toLowerCase().startsWith("zh") ? "zh" : "en");

const en = {
  ask: "What are you looking for?", search: "Search", suggestions: "Suggestions", results: "Results",
  photo: "Search with a photo", remove: "Remove the photo", drop: "Drop the photo to search with it",
  privacy: "The photo is used for this one search and not stored.",
  found: (n: number) => (n === 1 ? "1 product" : `${n} products`),
  none: "Nothing in this shop is like it. Try other words, or another photo.",
  meant: (words: string) => `Did you mean “${words}”?`,
  more: "More", again: "Try again", out: "out of stock", searching: "Searching…", noPhoto: "This file is no photo.",
  unreachable: "The search cannot be reached. Look whether you are online.",
  busy: (s: number) => `Too many are searching just now. Try again in ${s} s.`,
  off: "The search does not work here at the moment.",
  failed: (why: string) => `The search did not work: ${why}`,
};
const zh: Texts<typeof en> = {
  ask: "想找什么？", search: "搜索", suggestions: "搜索建议", results: "搜索结果",
  photo: "用照片搜索", remove: "移除照片", drop: "松开即可用这张照片搜索",
  privacy: "照片只用于这一次搜索，不会保存。",
  found: (n: number) => `${n} 件商品`,
  none: "本店没有类似的商品。换个说法或换张照片试试。",
  meant: (words: string) => `您是不是要找“${words}”？`,
  more: "更多", again: "重试", out: "缺货", searching: "正在搜索…", noPhoto: "这个文件不是照片。",
  unreachable: "无法连接搜索服务，请检查网络。",
  busy: (s: number) => `搜索的人太多，请 ${s} 秒后重试。`,
  off: "搜索功能暂时不可用。",
  failed: (why: string) => `搜索失败：${why}`,
};

export type Say = Texts<typeof en>;
export const textsOf = (language: Language): Say => (language === "zh" ? zh : en);

/** What a shopper is told. A missing key or a wrong address is the shop's affair: it stands in the console and the event. */
export function told(error: Refusal, say: Say): string {
  if (error.status === 0) return say.unreachable;
  if (error.status === 429) return say.busy(Math.max(1, Math.ceil(error.retryAfter)));
  if ([401, 403, 404, 405].includes(error.status)) return say.off;
  return say.failed(error.detail || String(error.status));
}
