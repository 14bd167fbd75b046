// What the shop window knows and does: the question, its answer, the place in the browser's history. Components draw it.
import { useEffect, useState } from "preact/hooks";
import { Client, isAbort, rootOfPage, type Schemas } from "~/api";
import { language } from "~/i18n";
import { taken } from "./photos";
import { addressOf, asksForSomething, fieldsOf, formOf, MOST_PHOTOS, NOTHING, PER_PAGE, queryOf, sameQuestion, type Crop, type Photo, type Query, type Seed } from "./query";
import { say } from "./texts";
import { learnFrom } from "./values";

export type Answer = Schemas["Answer"];
export type Hit = Schemas["Hit"];
export type Product = Schemas["Product"];
export type Stored = Schemas["StoredProduct"];
export type Proposal = Schemas["CropProposal"];

export interface Results { query: Query; answer: Answer; hits: readonly Hit[]; cursor: string; pages: number }
export type View = { kind: "results" } | { kind: "product"; id: string };
interface State {
  view: View;
  query: Query;
  /** What stands in the box, which is not searched for yet. */
  draft: string;
  results: Results | null;
  busy: boolean;
  loadingMore: boolean;
  error: string;
  /** Said once, behind what was found. */
  also: string;
  /** Photo -> the things on it; absent while it is not known. */
  proposals: ReadonlyMap<number, readonly Proposal[]>;
  facets: readonly string[];
}
/** What the template of the page brings along. */
interface First { answer: Answer | null; facets: string[]; product: Stored | null }

export const root = rootOfPage();
export const api = new Client(root);
const first = JSON.parse(document.getElementById("first")?.textContent ?? "null") as First | null;

let state: State = {
  view: { kind: "results" }, query: NOTHING, draft: "", results: null, busy: false, loadingMore: false, error: "", also: "",
  proposals: new Map(), facets: first?.facets ?? [],
};
const listeners = new Set<() => void>();
export const now = (): State => state;

function change(part: Partial<State>): void {
  state = { ...state, ...part };
  listeners.forEach((tell) => tell());
}

/** Draws the component again whenever something changes: once, in the component that holds the page. */
export function useShop(): State {
  const [, redraw] = useState(0);
  useEffect(() => {
    const tell = () => redraw((n) => n + 1);
    listeners.add(tell);
    return () => { listeners.delete(tell); };
  }, []);
  return state;
}

// --- Names ---------------------------------------------------------------------------------------------------------------

export function titleOf(product: Product): string {
  const other = product.translations.find((one) => one.language.startsWith(language()) && one.title);
  return (language() !== "en" && other?.title) || product.title || product.translations[0]?.title || product.id;
}

export function descriptionOf(product: Product): string {
  const other = product.translations.find((one) => one.language.startsWith(language()) && one.description);
  return (language() !== "en" && other?.description) || product.description || product.translations[0]?.description || "";
}

export const productHref = (id: string): string => `${root}/p/${encodeURIComponent(id)}`;
export const resultsHref = (query: Query): string => `${root}/${addressOf(query)}`;

/** The products of this page by their ids, with all their pictures; asked for once. */
const stored = new Map<string, Promise<Stored>>();
export function productOf(id: string): Promise<Stored> {
  const known = stored.get(id) ?? api.get("/v1/products/{product_id}", { path: { product_id: id } });
  stored.set(id, known);
  known.then(learnFrom, () => stored.delete(id));
  return known;
}
if (first?.product) stored.set(first.product.id, Promise.resolve(first.product));

// --- The browser's history ---------------------------------------------------------------------------------------------------

interface Place { entry?: number; from?: number }
interface Entry { view: View; query: Query; results: Results | null; scroll: number; focus: string }
const entries = new Map<number, Entry>(); // addresses cannot carry photos, and going back is to be at once
let entry = 0;

function leave(): void {
  const card = document.activeElement?.closest<HTMLElement>("[data-product]");
  entries.set(entry, { view: state.view, query: state.query, results: state.busy ? null : state.results, scroll: scrollY, focus: card?.dataset.product ?? "" });
}

function enter(href: string, replace: boolean): void {
  if (!replace) leave();
  const from = replace ? (history.state as Place | null)?.from : entry;
  entry = replace && entry ? entry : Date.now() + Math.random();
  history[replace ? "replaceState" : "pushState"]({ entry, from }, "", href);
}

function titled(): void {
  const { words, like } = state.query;
  if (state.view.kind === "results") document.title = [words || like?.name, "ShopLens"].filter(Boolean).join(" · ");
}

// --- Searching -----------------------------------------------------------------------------------------------------------

let running: AbortController | null = null;

function send(query: Query, more: object, signal?: AbortSignal): Promise<Answer> {
  const fields = { ...fieldsOf(query, [...state.facets, "price"]), ...more };
  return api.post("/v1/search", query.photos.length ? { raw: formOf(fields, query.photos), signal } : { body: fields, signal });
}

/** What a search starts from: with another one its hits are others from the first on. Filters and order leave the shopper where they are. */
export const startOf = ({ words, photos, like }: Query): string => [words, like?.id, ...photos.map(({ id }) => id)].join("\n");

/** Asks a question. It becomes an entry of the history; the same question again does not, and with `replace` none does. */
export async function ask(query: Query, { replace = false }: { replace?: boolean } = {}): Promise<void> {
  const asked: Query = { ...query, plain: query.words === state.query.words ? query.plain : [], pages: replace ? query.pages : 1 };
  const stays = replace || (state.view.kind === "results" && sameQuestion(asked, state.query));
  enter(resultsHref(asked), stays);
  if (!replace && startOf(asked) !== startOf(state.query)) scrollTo({ top: 0 }); // or its first hits, and its photo, lie above the screen
  change({ view: { kind: "results" }, query: asked, draft: asked.words });
  titled();
  await search();
}

async function search(): Promise<void> {
  running?.abort();
  const { signal } = (running = new AbortController());
  const { query } = state;
  change({ busy: true, error: "", also: "", loadingMore: false });
  try {
    const answer = await send(query, { per_page: PER_PAGE * query.pages }, signal);
    signal.throwIfAborted();
    if (follows(answer.redirect)) return;
    answer.hits.forEach((hit) => learnFrom(hit.product));
    change({ busy: false, results: { query, answer, hits: answer.hits, cursor: answer.next_cursor, pages: query.pages } });
    void things(query.photos);
  } catch (error) {
    if (signal.aborted || isAbort(error)) return;
    // What stood there answers another question.
    change({ busy: false, results: null, error: error instanceof Error ? error.message : String(error) });
  }
}

/** A rule of the shop may send the shopper to a page of its own. */
function follows(redirect: string): boolean {
  if (!/^(https?:\/\/|\/(?!\/))/i.test(redirect)) return false;
  location.assign(redirect);
  return true;
}

export const again = (): Promise<void> => search();

export async function more(): Promise<void> {
  const { results } = state;
  if (!results?.cursor || state.loadingMore || state.busy) return;
  running?.abort();
  const { signal } = (running = new AbortController());
  change({ loadingMore: true });
  try {
    const answer = await send(results.query, { cursor: results.cursor, per_page: PER_PAGE, facet_by: [] }, signal);
    signal.throwIfAborted();
    answer.hits.forEach((hit) => learnFrom(hit.product));
    const shown = new Set(results.hits.map((hit) => hit.product.id));
    const pages = results.pages + 1;
    const hits = [...results.hits, ...answer.hits.filter((hit) => !shown.has(hit.product.id))];
    const query = { ...state.query, pages };
    change({ loadingMore: false, query, results: { ...results, hits, pages, cursor: answer.hits.length ? answer.next_cursor : "" } });
    enter(resultsHref(query), true);
  } catch (error) {
    if (signal.aborted || isAbort(error)) return;
    change({ loadingMore: false, results: { ...results, cursor: "" }, also: say().failed + (error instanceof Error ? error.message : "") });
  }
}

/** Why a hit is here, in words: asked for one hit, when someone wants to know. */
export async function explained(hit: Hit): Promise<Hit> {
  const { results } = state;
  if (!results || !asksForSomething(results.query)) return hit;
  const answer = await send(results.query, { page: hit.position, per_page: 1, facet_by: [], explain: true });
  return answer.hits.find((one) => one.product.id === hit.product.id) ?? hit;
}

/** Where on a hit's picture the photo or the words of the search are: the address of a picture of this page. */
export async function heatOf(hit: Hit): Promise<string | null> {
  const query = state.results?.query;
  if (!hit.picture || !query || !(query.words || query.photos.some((photo) => !photo.excluded))) return null;
  const wanted = { ...query, photos: query.photos.filter((photo) => !photo.excluded), like: null, unlike: [] };
  const { q, images } = fieldsOf(wanted, []);
  const response = await api.fetch("post", api.address("/v1/pictures/{picture}/heat", { picture: hit.picture }), { raw: formOf({ q, images }, wanted.photos), headers: { accept: "image/jpeg" } });
  return URL.createObjectURL(await response.blob());
}

// --- What a shopper does ----------------------------------------------------------------------------------------------------

export const type = (draft: string): void => change({ draft });
const withDraft = (): Query => ({ ...state.query, words: state.draft.trim() });
export const submit = (): Promise<void> => ask(withDraft());

export function follow(suggestion: Schemas["Suggestion"]): Promise<void> {
  const { field, value, kind, product_id, text } = suggestion;
  if (kind === "product" && product_id) return open(product_id);
  if (field && value) return ask({ ...NOTHING, photos: state.query.photos, sort: state.query.sort, chosen: { [field]: [value] } });
  return ask({ ...state.query, words: text });
}

export async function addFiles(files: readonly File[]): Promise<void> {
  const room = MOST_PHOTOS - state.query.photos.length;
  const photos = await taken(files.slice(0, room), say().photo);
  await ask({ ...withDraft(), like: null, photos: [...state.query.photos, ...photos] });
  if (files.length > room) change({ also: say().many });
}

export const dropPhoto = (photo: Photo): Promise<void> => ask({ ...withDraft(), photos: state.query.photos.filter((one) => one.id !== photo.id) });
const changed = (photo: Photo, part: Partial<Photo>): Promise<void> => ask({ ...withDraft(), photos: state.query.photos.map((one) => (one.id === photo.id ? { ...one, ...part } : one)) });
export const cropTo = (photo: Photo, crop: Crop | null): Promise<void> => changed(photo, { crop });
export const exclude = (photo: Photo, excluded: boolean): Promise<void> => changed(photo, { excluded });

export const similar = (seed: Seed): Promise<void> => { scrollTo({ top: 0 }); return ask({ ...NOTHING, like: seed }); };
export const notLike = (seed: Seed): Promise<void> => ask({ ...state.query, unlike: [...state.query.unlike.filter(({ id }) => id !== seed.id), seed] });

/** The things on photos, for those of which it is not known. A help: who gets none draws a frame. */
async function things(photos: readonly Photo[]): Promise<void> {
  for (const photo of photos) {
    if (state.proposals.has(photo.id) || !state.query.photos.some(({ id }) => id === photo.id)) continue;
    change({ proposals: new Map(state.proposals).set(photo.id, []) });
    const form = new FormData();
    form.append("images", photo.blob, "photo.jpg");
    try {
      const { crops } = await api.post("/v1/crops", { raw: form });
      change({ proposals: new Map(state.proposals).set(photo.id, crops) });
    } catch { /* none */ }
  }
}

/** The page of one product. */
export async function open(id: string): Promise<void> {
  enter(productHref(id), false);
  running?.abort(); // more of the results would come into the address of the product
  change({ view: { kind: "product", id }, results: state.busy ? null : state.results, busy: false, loadingMore: false });
  scrollTo({ top: 0 });
}

/** Back to the results that led to a product, or to the whole shop. */
export function close(): void {
  if (entries.get((history.state as Place | null)?.from ?? 0)?.view.kind === "results") return history.back();
  if (!state.results) return void ask(NOTHING);
  enter(resultsHref(state.query), false);
  change({ view: { kind: "results" } });
  titled();
}

// --- Coming and going --------------------------------------------------------------------------------------------------------

const productIn = (path: string): string | null => (path.startsWith(`${root}/p/`) ? decodeURIComponent(path.slice(`${root}/p/`.length)) : null);

/** After a reload an address names products only by their ids. */
async function nameSeeds(): Promise<void> {
  const { like, unlike } = state.query;
  const ids = [...(like ? [like.id] : []), ...unlike.map(({ id }) => id)];
  if (!ids.length) return;
  const { products } = await api.get("/v1/products", { query: { ids } }).catch(() => ({ products: [] as Stored[] })); // the search itself tells what is wrong
  const nameOf = (seed: Seed): Seed => {
    const product = products.find(({ id }) => id === seed.id);
    return product ? { id: seed.id, name: titleOf(product), picture: product.pictures[0] ?? "" } : seed;
  };
  products.forEach(learnFrom);
  change({ query: { ...state.query, like: like && nameOf(like), unlike: unlike.map(nameOf) } });
}

async function arrive(): Promise<void> {
  const id = productIn(location.pathname);
  if (id !== null) return change({ view: { kind: "product", id } });
  const query = queryOf(location.search);
  change({ view: { kind: "results" }, query, draft: query.words });
  await nameSeeds();
  await ask(state.query, { replace: true });
}

export function start(): void {
  history.scrollRestoration = "manual";
  entry = (history.state as Place | null)?.entry ?? Date.now();
  history.replaceState({ ...(history.state as Place | null), entry }, "");
  addEventListener("popstate", (event) => {
    const from = entry;
    leave();
    entry = (event.state as Place | null)?.entry ?? 0;
    const known = entries.get(entry);
    if (!known || from === entry) return void arrive();
    running?.abort();
    change({ view: known.view, query: known.query, draft: known.query.words, results: known.results, busy: false, loadingMore: false, error: "", also: "" });
    titled();
    requestAnimationFrame(() => {
      scrollTo({ top: known.scroll });
      if (known.focus) document.querySelector<HTMLElement>(`[data-product="${CSS.escape(known.focus)}"] a`)?.focus({ preventScroll: true });
    });
    if (known.view.kind === "results" && !known.results) void search();
  });
  if (productIn(location.pathname) === null && !location.search && first?.answer) {
    first.answer.hits.forEach((hit) => learnFrom(hit.product));
    change({ results: { query: NOTHING, answer: first.answer, hits: first.answer.hits, cursor: first.answer.next_cursor, pages: 1 } });
  } else void arrive();
}
