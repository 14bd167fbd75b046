import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { common } from "~/i18n/common";
import { IconButton } from "./Button";

interface DialogProps { title: string; onClose: () => void; children: ComponentChildren; foot?: ComponentChildren; wide?: boolean }

/** A modal dialog; draw it while it is open. The browser keeps the focus inside and gives it back afterwards. */
export function Dialog({ title, onClose, children, foot, wide }: DialogProps) {
  const node = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    const dialog = node.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>(".dialog-body .input")?.focus(); // a form starts at its first field, not at Close
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={node} class={wide ? "dialog wide" : "dialog"} aria-labelledby={id}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onClick={(event) => { if (event.target === node.current) onClose(); }}>
      <div class="dialog-head"><h2 id={id} dir="auto">{title}</h2><IconButton icon="close" label={common().close} onClick={onClose} /></div>
      <div class="dialog-body">{children}</div>
      {foot && <div class="dialog-foot">{foot}</div>}
    </dialog>
  );
}
