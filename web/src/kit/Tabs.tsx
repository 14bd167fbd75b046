import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export interface Tab<I extends string> { id: I; label: string }

/** Tabs after the ARIA authoring practices: one stop of Tab, arrows move and choose. */
export function Tabs<I extends string>({ label, tabs, selected, onSelect, children }: { label: string; tabs: readonly Tab<I>[]; selected: I; onSelect: (id: I) => void; children: ComponentChildren }) {
  const base = useId();
  const bar = useRef<HTMLDivElement>(null);
  const keys = (event: KeyboardEvent) => {
    const at = tabs.findIndex((one) => one.id === selected);
    const to = { ArrowRight: (at + 1) % tabs.length, ArrowLeft: (at - 1 + tabs.length) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    const tab = to === undefined ? undefined : tabs[to];
    if (!tab || to === undefined) return;
    event.preventDefault();
    onSelect(tab.id);
    (bar.current?.children[to] as HTMLElement | undefined)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={bar} onKeyDown={keys}>
        {tabs.map((one) => (
          <button type="button" key={one.id} role="tab" class="tab" id={`${base}-${one.id}`} aria-controls={`${base}-panel`} aria-selected={one.id === selected}
            tabIndex={one.id === selected ? 0 : -1} onClick={() => onSelect(one.id)}>{one.label}</button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${selected}`} tabIndex={0}>{children}</div>
    </>
  );
}
