import type { ComponentChildren, TargetedEvent } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string;
  /** The control; it is given its id and what describes it. */
  children: (given: { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" }) => ComponentChildren;
}

/** A label, its control, and what helps or is wrong, tied together for those who hear the page. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const said = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": said, "aria-invalid": error ? "true" : undefined })}
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {error && <span class="error" id={`${id}-error`} role="alert">{error}</span>}
    </div>
  );
}

interface TextProps<T extends EventTarget> {
  label: string;
  hint?: ComponentChildren;
  error?: string;
  value: string;
  onValue: (value: string, event: TargetedEvent<T>) => void;
  onBlur?: () => void;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  maxLength?: number;
  name?: string;
  autocomplete?: string;
  spellcheck?: boolean;
}
interface InputProps extends TextProps<HTMLInputElement> {
  type?: "text" | "search" | "number" | "password" | "url" | "date" | "datetime-local";
  min?: number | string;
  max?: number | string;
  step?: number | "any";
  inputMode?: "decimal" | "numeric" | "text";
}

export function TextField({ label, hint, error, value, onValue, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(given) => <input class="input" {...(rest as object)} {...given} value={value} onInput={(event) => onValue(event.currentTarget.value, event)} />}
    </Field>
  );
}

export function TextArea({ label, hint, error, value, onValue, ...rest }: TextProps<HTMLTextAreaElement> & { rows?: number }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(given) => <textarea class="input" {...(rest as object)} {...given} value={value} onInput={(event) => onValue(event.currentTarget.value, event)} />}
    </Field>
  );
}

interface SelectProps<V extends string> { label: string; hint?: string; value: V; options: readonly { value: V; label: string }[]; onValue: (value: V) => void }

export function SelectField<V extends string>({ label, hint, value, options, onValue }: SelectProps<V>) {
  return (
    <Field label={label} hint={hint}>
      {(given) => <Select {...given} value={value} options={options} onValue={onValue} />}
    </Field>
  );
}

/** Without a label of its own: give it an id that a label names, or aria-label. */
export function Select<V extends string>({ value, options, onValue, ...rest }: Omit<SelectProps<V>, "label" | "hint"> & { id?: string; "aria-label"?: string; "aria-describedby"?: string; class?: string }) {
  return (
    <select autocomplete="off" {...rest} class={`input ${rest.class ?? ""}`} value={value} onChange={(event) => onValue(event.currentTarget.value as V)}>
      {options.map((one) => <option key={one.value} value={one.value} selected={one.value === value}>{one.label}</option>)}
    </select>
  );
}

export function Check({ checked, onValue, children, ...rest }: { checked: boolean; onValue: (on: boolean) => void; children: ComponentChildren; id?: string; disabled?: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" {...rest} checked={checked} onChange={(event) => onValue(event.currentTarget.checked)} />
      {children}
    </label>
  );
}

interface SliderProps { label: string; min: number; max: number; step: number; value: number; onValue: (value: number) => void; onDone?: (value: number) => void; left?: string; right?: string; said?: string }

/** A slider between two words. `said`: how its value is read out. */
export function Slider({ label, min, max, step, value, onValue, onDone, left, right, said }: SliderProps) {
  return (
    <div class="slider">
      <span aria-hidden="true">{left}</span>
      <input type="range" aria-label={label} aria-valuetext={said} min={min} max={max} step={step} value={value}
        onInput={(event) => onValue(event.currentTarget.valueAsNumber)} onChange={(event) => onDone?.(event.currentTarget.valueAsNumber)} />
      <span aria-hidden="true">{right}</span>
    </div>
  );
}
