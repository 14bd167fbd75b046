// What a shopper asks for: as a value, as an address that can be shared, and as the fields of a search.
import type { Schemas } from "~/api";

export type Crop = readonly [number, number, number, number];
export type Sort = "" | "price:asc" | "price:desc";
export type Advice = "dark" | "bright" | "blurred" | "tiny" | "flat";
export interface Seed { id: string; name: string; picture: string }
export interface Photo {
  id: number; blob: Blob; url: string; name: string; width: number; height: number;
  /** The part to search with; null: all of it. */
  crop: Crop | null;
  /** Nothing like it is wanted. */
  excluded: boolean;
  advice: readonly Advice[];
}
export interface Query {
  words: string;
  /** Ids of what was read out of the words and is to be taken as it is written. */
  plain: readonly string[];
  photos: readonly Photo[];
  like: Seed | null;
  unlike: readonly Seed[];
  chosen: Readonly<Record<string, readonly string[]>>;
  priceFrom: string;
  price: string;
  stock: boolean;
  sort: Sort;
  /** -4: like the photo only, almost; 4: like the words. */
  balance: number;
  /** How many pages are shown, one below the other. */
  pages: number;
}

export const PER_PAGE = 24;
export const MOST_PHOTOS = 8;
const MOST_HITS = 240; // of one request, where an address asks for many pages at once
const PATH = " > ";
export const NOTHING: Query = { words: "", plain: [], photos: [], like: null, unlike: [], chosen: {}, priceFrom: "", price: "", stock: false, sort: "", balance: 0, pages: 1 };

// --- The address: ?q=...&plain=...&like=...&unlike=...&f.color=...&min=...&max=...&stock=1&sort=...&weight=...&pages=... --------

export function addressOf(query: Query): string {
  const out = new URLSearchParams();
  if (query.words) out.set("q", query.words);
  for (const id of query.plain) out.append("plain", id);
  if (query.like) out.set("like", query.like.id);
  for (const { id } of query.unlike) out.append("unlike", id);
  for (const [field, values] of Object.entries(query.chosen)) for (const value of values) out.append(`f.${field}`, value);
  if (query.priceFrom !== "") out.set("min", query.priceFrom);
  if (query.price !== "") out.set("max", query.price);
  if (query.stock) out.set("stock", "1");
  if (query.sort) out.set("sort", query.sort);
  if (query.balance) out.set("weight", String(query.balance));
  if (query.pages > 1) out.set("pages", String(query.pages));
  const text = out.toString();
  return text && `?${text}`;
}

export function queryOf(search: string): Query {
  const given = new URLSearchParams(search);
  const amount = (name: string) => {
    const value = given.get(name);
    return value && Number.isFinite(Number(value)) && Number(value) >= 0 ? String(Number(value)) : "";
  };
  const chosen: Record<string, string[]> = {};
  for (const [name, value] of given) if (name.startsWith("f.")) (chosen[name.slice(2)] ??= []).push(value);
  const sort = given.get("sort");
  const balance = Math.round(Number(given.get("weight") ?? 0)) || 0;
  const seed = (id: string): Seed => ({ id, name: id, picture: "" });
  const like = given.get("like");
  return {
    ...NOTHING, words: (given.get("q") ?? "").slice(0, 512), plain: given.getAll("plain").slice(0, 50), like: like ? seed(like) : null,
    unlike: given.getAll("unlike").slice(0, 20).map(seed), chosen, priceFrom: amount("min"), price: amount("max"), stock: given.get("stock") === "1",
    sort: sort === "price:asc" || sort === "price:desc" ? sort : "", balance: Math.max(-4, Math.min(4, balance)),
    pages: Math.max(1, Math.min(MOST_HITS / PER_PAGE, Math.round(Number(given.get("pages"))) || 1)),
  };
}

/** The same question, whatever is shown of its answer. */
export const sameQuestion = (a: Query, b: Query): boolean => {
  const key = (query: Query) => JSON.stringify([addressOf({ ...query, pages: 1 }), query.photos.map(({ id, crop, excluded }) => [id, crop, excluded])]);
  return key(a) === key(b);
};

// --- Filters -----------------------------------------------------------------------------------------------------------

const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A range of prices is written as in an address: "20..50", "..20", "50.."; the upper end is not in it. */
export const rangeOf = ({ from, to }: { from?: number; to?: number }): string => `${from ?? ""}..${to ?? ""}`;
const ends = (range: string) => range.split("..").map((end) => (end !== "" && Number.isFinite(Number(end)) ? Number(end) : null));
export function rangeName(range: string): string {
  const [from, to] = ends(range);
  return from == null ? `< ${to}` : to == null ? `≥ ${from}` : `${from} – ${to}`;
}
function rangeFilter(range: string): string {
  const [from, to] = ends(range);
  return [from == null ? "" : `price>=${from}`, to == null ? "" : `price<${to}`].filter(Boolean).join(" and ");
}

export function filterOf(query: Query): string {
  const parts = Object.entries(query.chosen).filter(([field, values]) => values.length && field !== "price")
    .map(([field, values]) => `${quote(field)} in [${values.map(quote).join(", ")}]`);
  const ranges = (query.chosen.price ?? []).map(rangeFilter).filter(Boolean);
  if (ranges.length) parts.push(`(${ranges.join(" or ")})`);
  if (query.priceFrom !== "") parts.push(`price>=${Number(query.priceFrom)}`);
  if (query.price !== "") parts.push(`price<=${Number(query.price)}`);
  if (query.stock) parts.push("not in_stock=false");
  return parts.join(" and ");
}

export const isFiltered = (query: Query): boolean => Object.values(query.chosen).some((values) => values.length) || query.priceFrom !== "" || query.price !== "" || query.stock;
export const unfiltered = (query: Query): Query => ({ ...query, chosen: {}, priceFrom: "", price: "", stock: false });
export const countFilters = (query: Query): number => Object.values(query.chosen).flat().length + Number(query.price !== "") + Number(query.priceFrom !== "") + Number(query.stock);

export function chosenWith(query: Query, field: string, value: string, on: boolean): Query {
  // "Bags" or "Bags > Totes": the one chosen last counts, as the one contains the other.
  const before = (query.chosen[field] ?? []).filter((other) => other !== value && !(on && (other.startsWith(value + PATH) || value.startsWith(other + PATH))));
  return { ...query, chosen: { ...query.chosen, [field]: on ? [...before, value] : before } };
}

export const asksForSomething = (query: Query): boolean => Boolean(query.words || query.photos.length || query.like || query.unlike.length);

// --- The fields of a search ----------------------------------------------------------------------------------------------

export type Fields = Schemas["SearchRequest"];
/** Photos and products weigh less the further the slider stands towards the words: a factor of 2 a step between them. */
export const weightsOf = (balance: number) => ({ words: 2 ** (balance / 2), photos: 2 ** (-balance / 2) });

export function fieldsOf(query: Query, facets: readonly string[]): Fields {
  const weights = weightsOf(query.words && (query.photos.length || query.like) ? query.balance : 0);
  const round = (value: number) => Math.round(value * 1000) / 1000;
  const fields: Fields = { q: query.words, facet_by: [...facets], max_facet_values: 200 };
  if (weights.words !== 1) fields.words_weight = round(weights.words);
  if (query.photos.length) {
    fields.images = query.photos.map(({ crop, excluded }, n) => ({
      multipart: `photo${n}`, ...(crop && { crop: [...crop] }), weight: round(excluded ? -1 : weights.photos),
    })) as NonNullable<Fields["images"]>;
  }
  if (query.like) fields.like = weights.photos === 1 ? [query.like.id] : [{ id: query.like.id, weight: round(weights.photos) }];
  if (query.unlike.length) {
    fields.unlike = query.unlike.map(({ id }) => id);
    fields.hidden_hits = query.unlike.map(({ id }) => id); // who points at a thing does not want to see that very one
  }
  if (query.plain.length) fields.without_chips = [...query.plain];
  if (query.sort) fields.sort_by = query.sort;
  const filter = filterOf(query);
  if (filter) fields.filter_by = filter;
  return fields;
}

/** The same as a form, where photos go with it. */
export function formOf(fields: Fields, photos: readonly Photo[]): FormData {
  const form = new FormData();
  form.append("json", JSON.stringify(fields));
  photos.forEach((photo, n) => form.append(`photo${n}`, photo.blob, "photo.jpg"));
  return form;
}
