import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

export interface MenuItem { label: string; run: () => void; checked?: boolean }

/** A button that opens a list of actions (WAI-ARIA menu button): arrows move, Escape closes and gives the focus back. */
export function Menu({ label, items, children, end, class: more = "btn" }: { label: string; items: readonly MenuItem[]; children?: ComponentChildren; end?: boolean; class?: string }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const buttons = () => [...(box.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
  const close = (back: boolean) => { setOpen(false); if (back) box.current?.querySelector("button")?.focus(); };
  useEffect(() => {
    if (!open) return;
    buttons()[0]?.focus();
    const away = (event: Event) => { if (!box.current?.contains(event.target as Node)) setOpen(false); };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const move = (event: KeyboardEvent) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); all[to]?.focus(); }
    else if (event.key === "Escape") { event.preventDefault(); close(true); }
    else if (event.key === "Tab") setOpen(false);
  };
  return (
    <div class="pop" ref={box}>
      <button type="button" class={more} aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} aria-label={children ? label : undefined} title={children ? label : undefined}
        onClick={() => setOpen(!open)}>{children ?? label}</button>
      {open && (
        <div class={end ? "sheet end" : "sheet"} role="menu" id={id} aria-label={label} onKeyDown={move}>
          {items.map((item) => (
            <button type="button" class="option" key={item.label} tabIndex={-1} role={item.checked === undefined ? "menuitem" : "menuitemradio"} aria-checked={item.checked}
              onClick={() => { close(true); item.run(); }}>{item.label}</button>
          ))}
        </div>
      )}
    </div>
  );
}
