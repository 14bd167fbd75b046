import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon";
import { Spinner } from "./Feedback";

type Native = Omit<ButtonHTMLAttributes, "icon">;

export interface ButtonProps extends Native {
  kind?: "quiet" | "primary" | "plain" | "danger";
  small?: boolean;
  icon?: IconName;
  /** Work is going on: it turns, and another press does nothing. */
  busy?: boolean;
  children?: ComponentChildren;
}

export function Button({ kind = "quiet", small, icon, busy, children, class: more, onClick, ...rest }: ButtonProps) {
  return (
    <button type="button" class={["btn", kind, small && "small", more].filter(Boolean).join(" ")} aria-busy={busy || undefined}
      onClick={busy ? undefined : onClick} {...rest}>
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that shows a pictogram only; its name is read out and shown on hover. */
export function IconButton({ label, icon, small, ...rest }: Native & { label: string; icon: IconName; small?: boolean }) {
  return (
    <button type="button" aria-label={label} title={label} class={small ? "btn icon small" : "btn icon"} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
