// One hit as a card: its picture first, then what it is, what it costs, and in which colours there is more of it.
import { useState } from "preact/hooks";
import { money } from "~/i18n";
import { IconButton } from "~/kit";
import { Picture } from "./Picture";
import * as shop from "./store";
import { say } from "./texts";
import { hexOf, named } from "./values";

type Variant = shop.Product["variants"][number];
export type Attributes = Record<string, readonly string[]>;
const SWATCHES = 5;
const SIZES = "(max-width: 800px) 46vw, 260px";

export const attributesOf = (variant: Variant | undefined): Attributes => (variant?.attributes ?? {}) as Attributes;

/** The variants that differ in colour, the first one of each. */
export function byColour(product: shop.Product): { colour: string; variant: Variant }[] {
  const out = new Map<string, Variant>();
  for (const variant of product.variants) {
    const colour = attributesOf(variant).color?.join(" / ");
    if (colour && (!out.has(colour) || (out.get(colour)?.in_stock === false && variant.in_stock !== false))) out.set(colour, variant);
  }
  return [...out].map(([colour, variant]) => ({ colour, variant }));
}

/** The picture that shows a variant. */
export function pictureOfVariant(product: shop.Stored, variant: Variant): string | undefined {
  const of = product.picture_of as Record<string, string>;
  return variant.images?.map(({ location }) => of[location]).find(Boolean);
}

export function Price({ variant }: { variant: Variant | undefined }) {
  if (!variant || (variant.price == null && variant.in_stock !== false)) return null;
  return (
    <p class="price">
      {variant.price != null && <span>{money(variant.price, variant.currency)}</span>}
      {variant.price != null && variant.list_price != null && variant.list_price > variant.price && <s>{money(variant.list_price, variant.currency)}</s>}
      {variant.in_stock === false && <span class="out">{say().out}</span>}
    </p>
  );
}

export function Swatches({ name, product, chosen, most, onChoose }: { name: string; product: shop.Product; chosen: string; most: number; onChoose: (variant: Variant) => void }) {
  const colours = byColour(product);
  if (colours.length < 2) return null;
  return (
    <div class="swatches" role="group" aria-label={say().colours}>
      {colours.slice(0, most).map(({ colour, variant }) => (
        <button type="button" key={colour} class={variant.in_stock === false ? "swatch gone" : "swatch"} title={named("color", colour)} aria-label={say().inColour(name, named("color", colour))} aria-pressed={colour === chosen} onClick={() => onChoose(variant)}>
          <span style={hexOf(colour) ? { backgroundColor: hexOf(colour) } : undefined}>{hexOf(colour) ? "" : colour.slice(0, 1)}</span>
        </button>
      ))}
      {colours.length > most && <span class="soft small-text">{say().moreColours(colours.length - most)}</span>}
    </div>
  );
}

/** A link within the shop: other keys and buttons of the mouse do what they do on any link. */
export function openHere(event: MouseEvent, id: string): void {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  void shop.open(id);
}

export function ProductCard({ hit, eager, onWhy }: { hit: shop.Hit; eager: boolean; onWhy: () => void }) {
  const { product } = hit;
  const [other, setOther] = useState<{ of: string; variant: Variant; picture: string } | null>(null);
  const now = other?.of === hit.variant_id + hit.picture ? other : null; // another answer shows another variant
  const variant = now?.variant ?? product.variants.find(({ id }) => id === hit.variant_id) ?? product.variants[0];
  const picture = now?.picture ?? hit.picture;
  const name = shop.titleOf(product);
  const values = Object.entries(attributesOf(variant)).filter(([key]) => !key.endsWith("_zh")).slice(0, 4).map(([key, list]) => list.map((value) => named(key, value)).join(" / "));
  const seed = { id: product.id, name, picture };
  const choose = async (chosen: Variant) => {
    const stored = await shop.productOf(product.id).catch(() => null);
    setOther({ of: hit.variant_id + hit.picture, variant: chosen, picture: (stored && pictureOfVariant(stored, chosen)) ?? hit.picture });
  };
  return (
    <li class="hit" data-product={product.id}>
      <a class="hit-link" aria-label={name} href={shop.productHref(product.id)} onClick={(event) => openHere(event, product.id)}>
        <div class="tile"><Picture key={picture} hash={picture} alt="" sizes={SIZES} eager={eager} /></div>
        <h3 dir="auto">{name}</h3>
      </a>
      <div class="over">
        <IconButton small icon="similar" label={say().similarTo(name)} onClick={() => void shop.similar(seed)} />
        <IconButton small icon="ban" label={say().notLike(name)} onClick={() => void shop.notLike(seed)} />
      </div>
      {values.length > 0 && <p class="variant" dir="auto">{values.join(" · ")}</p>}
      <Price variant={variant} />
      <Swatches name={name} product={product} chosen={attributesOf(variant).color?.join(" / ") ?? ""} most={SWATCHES} onChoose={(one) => void choose(one)} />
      {hit.reasons.length > 0 && <button type="button" class="why-link" aria-haspopup="dialog" aria-label={say().whyThis(name)} onClick={onWhy}>{say().why}</button>}
    </li>
  );
}
