// What the pages share: loading with its errors, links, products in a line, questions before what cannot be undone.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort, pictureOf, Problem, type Schemas } from "~/api";
import { language } from "~/i18n";
import { common } from "~/i18n/common";
import { Button, Dialog, Spinner, toast } from "~/kit";
import { go, hrefOf } from "./route";
import { api } from "./session";
import { say } from "./texts";

export interface Loaded<T> { value: T | undefined; problem: Error | null; busy: boolean; reload: () => void; set: (value: T) => void }

/** Asks when `deps` change, and every so often if wanted; what is asked anew gives up what was asked before. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[], everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ value: T | undefined; problem: Error | null; busy: boolean }>({ value: undefined, problem: null, busy: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, busy: true }));
    load(stop.signal).then(
      (value) => { if (!stop.signal.aborted) setState({ value, problem: null, busy: false }); },
      (problem: unknown) => { if (!stop.signal.aborted && !isAbort(problem)) setState((before) => ({ ...before, problem: asError(problem), busy: false })); },
    );
    return () => stop.abort();
  }, [...deps, turn]);
  useEffect(() => {
    if (!everyMs) return;
    const timer = setInterval(() => { if (!document.hidden) setTurn((n) => n + 1); }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return { ...state, reload: () => setTurn((n) => n + 1), set: (value) => setState({ value, problem: null, busy: false }) };
}

const asError = (problem: unknown): Error => (problem instanceof Error ? problem : new Error(String(problem)));

/** What was loaded; until then that it is being loaded, or why it could not be. */
export function Shown<T>({ loaded, children }: { loaded: Loaded<T>; children: (value: T) => ComponentChildren }) {
  return (
    <>
      {loaded.problem && <Failure problem={loaded.problem} onAgain={loaded.reload} />}
      {loaded.value === undefined ? !loaded.problem && <p class="waiting"><Spinner label={say().loading} /></p> : children(loaded.value)}
    </>
  );
}

/** What went wrong, where, and what to do next. */
export function Failure({ problem, onAgain }: { problem: Error; onAgain?: () => void }) {
  const told = problem instanceof Problem ? problem : null;
  return (
    <div class="failure" role="alert">
      <p><strong>{say().failed}: </strong><bdi>{told?.detail ?? problem.message}</bdi>{told?.where && <> <code>{told.where}</code></>}</p>
      {told?.hint && <p class="soft">{told.hint}</p>}
      {onAgain && <Button small onClick={onAgain}>{common().again}</Button>}
    </div>
  );
}

/** Does something that may fail; tells so at the foot of the page. Returns what came of it, undefined where it failed. */
export async function attempt<T>(work: () => Promise<T>, done = ""): Promise<T | undefined> {
  try {
    const value = await work();
    if (done) toast(done);
    return value;
  } catch (problem) {
    if (!isAbort(problem)) toast(asError(problem).message, { wrong: true });
    return undefined;
  }
}

interface LinkProps { page: string; query?: Record<string, string>; children: ComponentChildren; class?: string; "aria-label"?: string; "aria-current"?: "page" }

export function Link({ page, query, children, ...rest }: LinkProps) {
  const href = hrefOf(page, query);
  return (
    <a {...rest} href={href} onClick={(event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      go(href);
    }}>{children}</a>
  );
}

/** Asks before it is done. */
export function Confirm({ title, children, action, onYes, onClose }: { title: string; children?: ComponentChildren; action: string; onYes: () => Promise<unknown> | void; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const yes = async () => { setBusy(true); await onYes(); setBusy(false); onClose(); };
  return (
    <Dialog title={title} onClose={onClose} foot={<><Button onClick={onClose}>{common().cancel}</Button><Button kind="danger" busy={busy} onClick={() => void yes()}>{action}</Button></>}>
      {children ?? <p>{title}</p>}
    </Dialog>
  );
}

type Named = Pick<Schemas["Product"], "id"> & Partial<Schemas["Product"]>;

/** What a product is called in the language of the page. */
export function titleOf(product: Named): string {
  const own = language() === "zh" ? product.translations?.find((one) => one.language.startsWith("zh"))?.title : "";
  return own || product.title || product.id;
}

/** A small picture, or the place where it would be. */
export function Thumb({ hash, side = 56 }: { hash?: string; side?: number }) {
  const [gone, setGone] = useState(false);
  if (!hash || gone) return <span class="thumb" style={{ width: `${side}px`, height: `${side}px` }} />;
  return <img class="thumb" src={pictureOf(api, hash, side <= 64 ? 128 : 256)} alt="" width={side} height={side} loading="lazy" onError={() => setGone(true)} />;
}

/** Tells those who hear the page what happened: change its text. */
export const Live = ({ text }: { text: string }) => <p class="sr" role="status" aria-live="polite">{text}</p>;

/** The heading of a page; it takes the focus when one comes here from another page. */
let visited = 0;
export function Heading({ children, aside }: { children: string; aside?: ComponentChildren }) {
  const node = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · ShopLens`;
    if (visited++) node.current?.focus();
  }, [children]);
  return <div class="row spread heading"><h1 ref={node} tabIndex={-1}>{children}</h1>{aside && <div class="row">{aside}</div>}</div>;
}

/** A name for a rule made of words; what has no letters of its own gets some of the moment. */
export function idFrom(prefix: string, words: string): string {
  const plain = words.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${prefix}-${plain || Date.now().toString(36)}`;
}

export const percent = (share: number): string => new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(share);

/** Bytes in the unit that reads best. */
export function size(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  if (bytes < 1000) return `${new Intl.NumberFormat(language()).format(bytes)} B`;
  let n = 0;
  while (bytes >= 1000 && n < units.length - 1) { bytes /= 1000; n += 1; }
  return new Intl.NumberFormat(language(), { style: "unit", unit: units[n], maximumFractionDigits: bytes < 10 ? 1 : 0 }).format(bytes);
}

/** Milliseconds as people read them. */
export const ms = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : value >= 1000
    ? new Intl.NumberFormat(language(), { style: "unit", unit: "second", maximumFractionDigits: 1 }).format(value / 1000)
    : new Intl.NumberFormat(language(), { style: "unit", unit: "millisecond", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
