// Two languages. A set of texts is one object in English and one of the same type in Chinese: a text that is missing in
// one of them does not compile. Numbers, prices and dates are spelt by Intl.
import { useEffect, useState } from "preact/hooks";
import { keep, kept } from "~/kit/storage";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The shape of texts: what is a text, or a function that makes one of values, in English must be the same elsewhere. */
export type Texts<T> = { readonly [K in keyof T]: T[K] extends (...values: infer V) => infer R ? (...values: V) => R : T[K] extends string ? string : Texts<T[K]> };

const isLanguage = (text: unknown): text is Language => LANGUAGES.includes(text as Language);
const wanted = kept("language");
let now: Language = isLanguage(wanted) ? wanted : typeof navigator !== "undefined" && navigator.language.startsWith("zh") ? "zh" : "en";
const listeners = new Set<() => void>();

export const language = (): Language => now;

export function speak(other: Language): void {
  now = other;
  keep("language", other);
  document.documentElement.lang = other;
  listeners.forEach((tell) => tell());
}

/** Draws the component again when the language changes: call it once, in the component that holds the page. */
export function useLanguage(): Language {
  const [, redraw] = useState(0);
  useEffect(() => {
    const tell = () => redraw((n) => n + 1);
    listeners.add(tell);
    return () => { listeners.delete(tell); };
  }, []);
  return now;
}

/** texts({ en, zh }) is a function that gives the texts of the language of this moment: `const t = texts({ en, zh }); t().search`. */
export function texts<T extends object>(all: { en: T; zh: Texts<T> }): () => Texts<T> {
  return () => (now === "zh" ? all.zh : (all.en as unknown as Texts<T>));
}

export const number = (value: number, options?: Intl.NumberFormatOptions): string => new Intl.NumberFormat(now, options).format(value);

/** An amount in the major unit; without a currency two decimals. */
export function money(value: number, currency?: string): string {
  try {
    return number(value, currency ? { style: "currency", currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  } catch { return `${value} ${currency ?? ""}`; } // a feed may hold a currency that nobody knows
}

export const date = (at: string | Date, options: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short" }): string =>
  new Intl.DateTimeFormat(now, options).format(new Date(at));

export const list = (items: readonly string[]): string => new Intl.ListFormat(now, { type: "conjunction" }).format(items);
