// How a shop is to be searched: what the lab sets beside each other.
import type { Schemas } from "~/api";
import { number, texts } from "~/i18n";
import { Check, SelectField, Slider, TextField } from "~/kit";

const en = {
  of: (side: string) => `Configuration ${side}`, asIs: "As it is now", other: "Other weights", encoder: "Another encoder", kind: "What is different", ratio: "Words as written or by vectors", written: "as written", vectors: "vectors", share: (n: string) => `${n} by vectors`, rules: "With rules", understand: "Prices, colours and the like read out of the words",
  name: "Encoder", nameHint: "bundled, onnx:FOLDER, ...; the shop must have all its vectors",
};
const zh: typeof en = {
  of: (side) => `配置 ${side}`, asIs: "按现状", other: "其他权重", encoder: "另一个编码器", kind: "不同之处", ratio: "按字面还是按向量", written: "字面", vectors: "向量", share: (n) => `向量占 ${n}`, rules: "使用规则", understand: "从文字中读出价格、颜色等",
  name: "编码器", nameHint: "bundled、onnx:文件夹……；商店必须有它的全部向量",
};
const t = texts({ en, zh });
export type Kind = "as_is" | "other" | "encoder";
export interface Side { kind: Kind; ratio: number; rules: boolean; understand: boolean; encoder: string }
export const AS_IS: Side = { kind: "as_is", ratio: 0.5, rules: true, understand: true, encoder: "" };

export function fieldsOf(side: Side): Schemas["Configuration"] {
  if (side.kind === "as_is") return { name: t().asIs };
  const common_ = { ...(side.rules ? {} : { rules: false }), ...(side.understand ? {} : { understand: false }) };
  if (side.kind === "encoder") return { ...common_, ...(side.encoder.trim() ? { encoder: side.encoder.trim() } : {}) };
  return { ...common_, semantic_ratio: side.ratio };
}

export function Configuration({ letter, side, onSide, encoders }: { letter: string; side: Side; onSide: (side: Side) => void; encoders: readonly string[] }) {
  const put = (more: Partial<Side>) => onSide({ ...side, ...more });
  return (
    <fieldset class="card stack side"><legend class="label">{t().of(letter)}</legend>
      <SelectField<Kind> label={t().kind} value={side.kind} onValue={(kind) => put({ kind, encoder: side.encoder || encoders[0] || "" })} options={[{ value: "as_is", label: t().asIs }, { value: "other", label: t().other }, { value: "encoder", label: t().encoder }]} />
      {side.kind === "other" && <Slider label={`${t().ratio} (${letter})`} min={0} max={1} step={0.05} value={side.ratio} left={t().written} right={t().vectors} said={t().share(number(side.ratio, { style: "percent" }))} onValue={(ratio) => put({ ratio })} />}
      {side.kind === "encoder" && <TextField label={t().name} hint={[t().nameHint, ...encoders].join(" · ")} value={side.encoder} onValue={(encoder) => put({ encoder })} spellcheck={false} />}
      {side.kind !== "as_is" && <div class="stack tight"><Check checked={side.rules} onValue={(rules: boolean) => put({ rules })}>{t().rules}</Check><Check checked={side.understand} onValue={(understand: boolean) => put({ understand })}>{t().understand}</Check></div>}
    </fieldset>
  );
}
