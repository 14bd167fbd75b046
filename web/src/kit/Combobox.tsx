import type { ComponentChildren, RefObject, TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

export interface ComboboxProps<T> {
  label: string;
  listLabel: string;
  value: string;
  onValue: (value: string) => void;
  /** What to propose for a text. Called a moment after a key; a newer call aborts the older one. */
  propose: (text: string, signal: AbortSignal) => Promise<readonly T[]>;
  /** What the box shows while the keys stand on an option. */
  textOf: (option: T) => string;
  draw: (option: T) => ComponentChildren;
  onChoose: (option: T) => void;
  /** Further attributes of the box. */
  input?: { id?: string; name?: string; type?: "search" | "text"; placeholder?: string; maxLength?: number; enterkeyhint?: "search" | "go"; class?: string };
  box?: RefObject<HTMLInputElement | null>;
  waitMs?: number;
  class?: string;
  listId?: string;
}

/** A text box with proposals under it, after the ARIA authoring practices: combobox with a list, keys stay in the box. */
export function Combobox<T>(props: ComboboxProps<T>) {
  const { label, listLabel, value, onValue, propose, textOf, draw, onChoose, input, waitMs = 80 } = props;
  const id = useId();
  const listId = props.listId ?? `${id}-list`;
  const own = useRef<HTMLInputElement>(null);
  const box = props.box ?? own;
  const list = useRef<HTMLUListElement>(null);
  const [shown, setShown] = useState<readonly T[]>([]);
  const [at, setAt] = useState(-1);
  const typed = useRef(value);
  const timer = useRef(0);
  const running = useRef<AbortController | null>(null);

  const close = () => { clearTimeout(timer.current); running.current?.abort(); setShown([]); setAt(-1); };
  useEffect(() => close, []);
  useEffect(() => { list.current?.children[at]?.scrollIntoView({ block: "nearest" }); }, [at]);

  const ask = async () => {
    running.current?.abort();
    const text = box.current?.value ?? "";
    if (!text.trim()) return close();
    const { signal } = (running.current = new AbortController());
    // Proposals are a help: who gets none types on.
    const found = await propose(text, signal).catch(() => []);
    if (signal.aborted || focused(box.current) !== box.current) return;
    setShown(found);
    setAt(-1);
  };
  const choose = (option: T) => { close(); onChoose(option); };
  const move = (to: number) => {
    setAt(to);
    const option = shown[to];
    onValue(option === undefined ? typed.current : textOf(option));
  };
  const keys = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (event.isComposing) return; // the keys belong to the input method
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Escape" && shown.length) {
      event.preventDefault(); // Chromium empties a search box otherwise
      onValue(typed.current);
      close();
    } else if (step && !event.altKey) {
      if (!shown.length) { if (step > 0) void ask(); return; }
      event.preventDefault();
      const turns = shown.length + 1; // one of them is the box itself
      move(((at + 1 + step + turns) % turns) - 1);
    } else if (event.key === "Enter") {
      const option = shown[at];
      if (option === undefined) return close();
      event.preventDefault();
      choose(option);
    }
  };
  return (
    <>
      <input {...({ ...input, role: "combobox" } as object)} ref={box} value={value} aria-label={label} aria-autocomplete="list" autocomplete="off"
        aria-expanded={shown.length > 0} aria-controls={listId} aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
        onInput={(event) => {
          typed.current = event.currentTarget.value;
          onValue(typed.current);
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => void ask(), waitMs);
        }}
        onKeyDown={keys} onBlur={close} />
      <ul ref={list} id={listId} class={props.class ?? "sheet"} role="listbox" aria-label={listLabel} hidden={!shown.length}
        onPointerDown={(event) => event.preventDefault() /* the box keeps the focus */}>
        {shown.map((option, n) => (
          <li key={n} id={`${id}-${n}`} class="option" role="option" aria-selected={n === at} onClick={() => choose(option)}>{draw(option)}</li>
        ))}
      </ul>
    </>
  );
}

/** What has the focus where the box stands: inside a shadow root (the widget) the document names the root's host only. */
const focused = (box: HTMLInputElement | null): Element | null => (box?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement ?? null;
