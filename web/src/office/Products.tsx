// Products of the catalogue: found, looked at, their offer changed, removed.
import { useState } from "preact/hooks";
import type { Schemas } from "~/api";
import { money, number, texts } from "~/i18n";
import { Button, Chip, Dialog, SelectField, Table, TextField } from "~/kit";
import { attempt, Confirm, Shown, Thumb, titleOf, useLoad } from "./parts";
import { api } from "./session";
import { say } from "./texts";

const en = {
  find: "Find a product", findHint: "Words, or nothing for all in the order in which they came", products: "Products", id: "Id", brand: "Brand", category: "Category", price: "Price", stock: "Stock", look: (name: string) => `Open ${name}`,
  empty: "Nothing found", offer: "Offer", priceHint: (currency: string) => `in ${currency || "the shop's currency"}; empty: as it is`, availability: "Availability", keepIt: "as it is", save: "Save offer", saved: "The offer was changed", variants: "Variants", attributes: "Attributes",
  remove: "Remove from the catalogue", removed: "Removed", removeSure: (name: string) => `Remove ${name}?`, removeWhy: "It is not found any more, at once. If the next feed has it, it comes back.", told: "Told from its picture",
};
const zh: typeof en = {
  find: "查找商品", findHint: "输入搜索词；留空则按加入顺序列出全部", products: "商品", id: "编号", brand: "品牌", category: "类目", price: "价格", stock: "库存", look: (name) => `打开 ${name}`,
  empty: "没有找到", offer: "报价", priceHint: (currency) => `单位 ${currency || "商店货币"}；留空表示不变`, availability: "供货情况", keepIt: "不变", save: "保存报价", saved: "报价已更改", variants: "款式", attributes: "属性",
  remove: "从目录中移除", removed: "已移除", removeSure: (name) => `移除 ${name}？`, removeWhy: "立即不再被搜到。如果下次导入的数据里有它，它会回来。", told: "根据图片判断",
};
const t = texts({ en, zh });
type Product = Schemas["Product"] & Pick<Schemas["StoredProduct"], "pictures">;
interface Page { products: readonly Product[]; next: string }

async function pageOf(words: string, cursor: string, signal?: AbortSignal): Promise<Page> {
  if (words) {
    const query = { q: words, per_page: 50, ...(cursor ? { cursor } : {}) };
    const answer = await api.post("/v1/search", { body: query, signal });
    return { products: answer.hits.map((hit) => ({ ...hit.product, pictures: hit.picture ? [hit.picture] : [] })), next: answer.next_cursor };
  }
  const found = await api.get("/v1/catalogue", { query: { per_page: 50, cursor }, signal });
  return { products: found.products, next: found.next_cursor };
}

export function Products() {
  const [words, setWords] = useState("");
  const [asked, setAsked] = useState("");
  const [open, setOpen] = useState<Product | null>(null);
  const loaded = useLoad((signal) => pageOf(asked, "", signal), [asked]);
  const more = async (now: Page) => {
    const next = await attempt(() => pageOf(asked, now.next));
    if (next) loaded.set({ products: [...now.products, ...next.products], next: next.next });
  };
  return (
    <div class="stack">
      <form class="row" role="search" onSubmit={(event) => { event.preventDefault(); setAsked(words.trim()); }}>
        <div class="grow"><TextField label={t().find} hint={t().findHint} type="search" value={words} onValue={setWords} /></div>
        <Button type="submit" icon="search">{say().search}</Button>
      </form>
      <Shown loaded={loaded}>{(now) => (
        <>
          <Table caption={t().products} hideCaption rows={now.products} keyOf={(one) => one.id} empty={<p class="soft">{t().empty}</p>} columns={[
            { key: "p", label: say().product, cell: (one) => (
              <button type="button" class="line" aria-label={t().look(titleOf(one))} onClick={() => setOpen(one)}><Thumb hash={one.pictures[0]} /><bdi>{titleOf(one)}</bdi></button>
            ) },
            { key: "id", label: t().id, cell: (one) => <code>{one.id}</code> },
            { key: "brand", label: t().brand, cell: (one) => <bdi>{one.brand}</bdi> },
            { key: "category", label: t().category, cell: (one) => <bdi>{one.category.join(" › ")}</bdi> },
            { key: "price", label: t().price, end: true, cell: (one) => priceOf(one) },
            { key: "stock", label: t().stock, cell: (one) => <Stock product={one} /> },
          ]} />
          {now.next && <p><Button onClick={() => void more(now)}>{say().more}</Button></p>}
        </>
      )}</Shown>
      {open && <Details product={open} onClose={() => setOpen(null)} onChanged={() => { setOpen(null); loaded.reload(); }} />}
    </div>
  );
}

function priceOf({ variants }: Product): string {
  const prices = variants.flatMap((one) => (one.price === undefined ? [] : [one.price]));
  if (!prices.length) return "–";
  const [low, high] = [Math.min(...prices), Math.max(...prices)], currency = variants[0]?.currency;
  return low === high ? money(low, currency) : `${money(low, currency)} – ${money(high, currency)}`;
}

function Stock({ product }: { product: Product }) {
  const there = product.variants.filter((one) => one.in_stock !== false).length;
  return there ? <Chip tone="good">{say().inStock}{product.variants.length > 1 && ` ${number(there)}/${number(product.variants.length)}`}</Chip> : <Chip tone="warn">{say().outOfStock}</Chip>;
}

type Availability = "" | "in stock" | "out of stock";

function Details({ product, onClose, onChanged }: { product: Product; onClose: () => void; onChanged: () => void }) {
  const [price, setPrice] = useState("");
  const [stock, setStock] = useState<Availability>("");
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const currency = product.variants[0]?.currency ?? "";
  const path = { product_id: product.id };
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const offer = { ...(price ? { price: `${price} ${currency}`.trim() } : {}), ...(stock ? { availability: stock } : {}) };
    const done = await attempt(() => api.patch("/v1/products/{product_id}", { path, body: offer }), t().saved);
    setBusy(false);
    if (done) onChanged();
  };
  const attributes = Object.entries(product.attributes);
  return (
    <Dialog wide title={titleOf(product)} onClose={onClose}>
      <div class="details">
        <div class="row">{product.pictures.map((hash) => <Thumb key={hash} hash={hash} side={128} />)}</div>
        <div class="stack">
          <p class="row"><code>{product.id}</code>{product.brand && <Chip>{product.brand}</Chip>}<Stock product={product} /><strong class="num">{priceOf(product)}</strong></p>
          {product.description && <p dir="auto">{product.description}</p>}
          {attributes.length > 0 && <dl class="pairs" aria-label={t().attributes}>{attributes.map(([name, values]) => <div key={name}><dt>{name}</dt><dd dir="auto">{values.join(", ")}</dd></div>)}</dl>}
          {product.derived.length > 0 && <p class="row"><span class="soft small-text">{t().told}:</span>{product.derived.map((one) => <Chip key={one.field + one.text} tone="unused">{one.field}: {one.text}</Chip>)}</p>}
          {product.variants.length > 1 && <Table caption={t().variants} rows={product.variants} keyOf={(one) => one.id} columns={[
            { key: "id", label: t().id, cell: (one) => <code>{one.id}</code> },
            { key: "a", label: t().attributes, cell: (one) => <bdi>{Object.values(one.attributes ?? {}).flat().join(", ")}</bdi> },
            { key: "price", label: t().price, end: true, cell: (one) => (one.price === undefined ? "–" : money(one.price, one.currency)) },
            { key: "stock", label: t().stock, cell: (one) => (one.in_stock === false ? say().outOfStock : say().inStock) },
          ]} />}
          <form class="row fields" onSubmit={(event) => void save(event)}>
            <TextField label={t().price} hint={t().priceHint(currency)} inputMode="decimal" value={price} onValue={setPrice} />
            <SelectField<Availability> label={t().availability} value={stock} onValue={setStock} options={[{ value: "", label: t().keepIt }, { value: "in stock", label: say().inStock }, { value: "out of stock", label: say().outOfStock }]} />
            <Button kind="primary" type="submit" busy={busy} disabled={!price && !stock}>{t().save}</Button>
          </form>
          <p><Button kind="danger" small icon="trash" onClick={() => setAsking(true)}>{t().remove}</Button></p>
        </div>
      </div>
      {asking && <Confirm title={t().removeSure(titleOf(product))} action={t().remove} onClose={() => setAsking(false)}
        onYes={async () => { if (await attempt(() => api.delete("/v1/products/{product_id}", { path }), t().removed)) onChanged(); }}><p>{t().removeWhy}</p></Confirm>}
    </Dialog>
  );
}
