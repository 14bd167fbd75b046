import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { common } from "~/i18n/common";

export function Spinner({ label }: { label?: string }) {
  return <span class="spinner" role={label ? "img" : undefined} aria-label={label} aria-hidden={label ? undefined : "true"} />;
}

/** Nothing here, why, and what would help. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><h2>{title}</h2>{children}</div>;
}

interface Said { id: number; text: string; wrong: boolean; action?: { label: string; run: () => void } }
let count = 0;
let shown: Said[] = [];
const listeners = new Set<() => void>();
const change = (now: Said[]) => { shown = now; listeners.forEach((tell) => tell()); };
const drop = (id: number) => change(shown.filter((one) => one.id !== id));

/** Says something at the foot of the page for some seconds; what went wrong stays until it is closed. */
export function toast(text: string, { wrong = false, action }: { wrong?: boolean; action?: Said["action"] } = {}): void {
  const id = ++count;
  change([...shown.slice(-2), { id, text, wrong, action }]);
  if (!wrong) setTimeout(() => drop(id), action ? 10_000 : 5_000);
}

/** Once in a page, anywhere. */
export function Toasts() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const tell = () => redraw((n) => n + 1);
    listeners.add(tell);
    return () => { listeners.delete(tell); };
  }, []);
  return (
    <div class="toasts" aria-live="polite">
      {shown.map(({ id, text, wrong, action }) => (
        <div class={wrong ? "toast wrong" : "toast"} key={id}>
          <span>{text}</span>
          {action && <button type="button" class="btn small" onClick={() => { drop(id); action.run(); }}>{action.label}</button>}
          {wrong && <button type="button" class="btn small" onClick={() => drop(id)}>{common().close}</button>}
        </div>
      ))}
    </div>
  );
}
