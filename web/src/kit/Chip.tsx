import type { ComponentChildren } from "preact";

export interface ChipProps {
  children: ComponentChildren;
  tone?: "" | "strong" | "unused" | "good" | "warn" | "wrong";
  /** With it the whole chip is a button that takes it away. */
  onRemove?: () => void;
  /** What the button is called, "Remove filter: red". */
  removeLabel?: string;
  title?: string;
}

export function Chip({ children, tone = "", onRemove, removeLabel, title }: ChipProps) {
  const text = <span dir="auto">{children}</span>;
  if (!onRemove) return <span class={`chip ${tone}`} title={title}>{text}</span>;
  return (
    <button type="button" class={`chip ${tone}`} aria-label={removeLabel} title={title} onClick={onRemove}>
      {text}<span aria-hidden="true">×</span>
    </button>
  );
}

export function Card({ children, class: more }: { children: ComponentChildren; class?: string }) {
  return <div class={more ? `card ${more}` : "card"}>{children}</div>;
}
