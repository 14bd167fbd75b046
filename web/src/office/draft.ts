// A rule while it is edited: plain texts and lists, turned into what the service takes and back.
import type { Schemas } from "~/api";

type Rule = Schemas["Rule"];
export interface Pin { id: string; position: number }
export type Wish = "hide" | "boost" | "bury";
export interface Target { wish: Wish; by: "filter" | "ids"; what: string; amount: string }
export interface Words { words: string; of: string }
export interface Draft {
  id: string; version: number; phrases: string; match: "contains" | "exact"; filter: string; pins: readonly Pin[]; targets: readonly Target[]; redirect: string; synonyms: readonly Words[];
  priority: string; starts: string; ends: string; enabled: boolean; note: string;
}

export const EMPTY: Draft = { id: "", version: 0, phrases: "", match: "contains", filter: "", pins: [], targets: [], redirect: "", synonyms: [], priority: "0", starts: "", ends: "", enabled: true, note: "" };

const split = (text: string): string[] => text.split(/[,，、\n]/).map((one) => one.trim()).filter(Boolean);
const texts = (given: string | string[] | undefined): string[] => (given === undefined ? [] : typeof given === "string" ? [given] : given);

/** A moment as <input type="datetime-local"> has it, in the time of the device. */
function local(at: string | undefined): string {
  if (!at) return "";
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? "" : new Date(moment.getTime() - 60_000 * moment.getTimezoneOffset()).toISOString().slice(0, 16);
}
const utc = (at: string): string => new Date(at).toISOString().replace(/\.000Z$/, "Z");

export function draftOf(rule: Rule, id: string, version: number): Draft {
  const { then, when } = rule;
  const targets: Target[] = (then.hide ?? []).map((one) => (typeof one === "string" ? { wish: "hide", by: "ids", what: one, amount: "" } : { wish: "hide", by: "filter", what: one.filter ?? "", amount: "" }));
  for (const wish of ["boost", "bury"] as const) {
    for (const one of then[wish] ?? []) targets.push({ wish, by: one.ids ? "ids" : "filter", what: one.ids ? one.ids.join(", ") : one.filter ?? "", amount: String(one.by ?? 2) });
  }
  return {
    id, version, phrases: texts(when?.query).join(", "), match: when?.match ?? "contains", filter: when?.filter ?? "",
    pins: (then.pin ?? []).map((one, n) => (typeof one === "string" ? { id: one, position: n + 1 } : { id: one.id, position: one.position ?? n + 1 })),
    targets, redirect: then.redirect ?? "", synonyms: (then.synonyms ?? []).map((one) => ({ words: one.words.join(", "), of: one.of ?? "" })),
    priority: String(rule.priority ?? 0), starts: local(rule.starts), ends: local(rule.ends), enabled: rule.enabled ?? true, note: rule.note ?? "",
  };
}

export function ruleOf(draft: Draft): Rule {
  const then: Rule["then"] = {};
  if (draft.pins.length) then.pin = draft.pins.map(({ id, position }) => ({ id, position }));
  const given = draft.targets.filter((one) => one.what.trim());
  const hidden = given.filter((one) => one.wish === "hide").flatMap((one): (string | { filter: string })[] => (one.by === "ids" ? split(one.what) : [{ filter: one.what.trim() }]));
  if (hidden.length) then.hide = hidden;
  for (const wish of ["boost", "bury"] as const) {
    const some = given.filter((one) => one.wish === wish).map((one) => ({ ...(one.by === "ids" ? { ids: split(one.what) } : { filter: one.what.trim() }), by: Number(one.amount) || 2 }));
    if (some.length) then[wish] = some;
  }
  if (draft.redirect.trim()) then.redirect = draft.redirect.trim();
  const alike = draft.synonyms.filter((one) => one.words.trim()).map((one) => ({ words: split(one.words), ...(one.of.trim() ? { of: one.of.trim() } : {}) }));
  if (alike.length) then.synonyms = alike;
  const phrases = split(draft.phrases);
  const when = { ...(phrases.length ? { query: phrases, match: draft.match } : {}), ...(draft.filter.trim() ? { filter: draft.filter.trim() } : {}) };
  return {
    id: draft.id, ...(Object.keys(when).length ? { when } : {}), then, priority: Number(draft.priority) || 0, enabled: draft.enabled,
    ...(draft.starts ? { starts: utc(draft.starts) } : {}), ...(draft.ends ? { ends: utc(draft.ends) } : {}), ...(draft.note.trim() ? { note: draft.note.trim() } : {}),
  };
}

/** Puts a product at a position; whoever stands there, and behind it, goes one down. */
export function pinned(pins: readonly Pin[], id: string, position: number): Pin[] {
  const others = pins.filter((one) => one.id !== id).sort((one, other) => one.position - other.position);
  let free = position;
  const moved = others.map((one) => {
    if (one.position < position || one.position > free) return one;
    free = one.position + 1;
    return { ...one, position: free };
  });
  return [...moved, { id, position }].sort((one, other) => one.position - other.position);
}

/** When a rule speaks: in force, or why not. */
export type When = "live" | "off" | "waits" | "over";
export const whenOf = (rule: Rule): When => {
  const now = Date.now();
  return rule.enabled === false ? "off" : rule.starts && Date.parse(rule.starts) > now ? "waits" : rule.ends && Date.parse(rule.ends) <= now ? "over" : "live";
};
