// A hit: a picture, a name, a price. Everything that a shop wrote is put there as text.
import type { Hit } from "./asking";
import type { Language, Say } from "./texts";

/** An address of the web that a product has; undefined for javascript: and all else that is none. */
function addressOf(link: string | undefined): string | undefined {
  if (!link?.trim()) return undefined;
  try {
    const address = new URL(link, document.baseURI);
    return ["http:", "https:"].includes(address.protocol) ? address.href : undefined;
  } catch { return undefined; }
}

function money(value: number, currency: string | undefined, language: Language): string {
  try {
    return new Intl.NumberFormat(language, currency ? { style: "currency", currency } : { minimumFractionDigits: 2 }).format(value);
  } catch { return `${value} ${currency ?? ""}`; } // a feed may hold a currency that nobody knows
}

export interface CardProps {
  hit: Hit;
  picture: string;
  language: Language;
  say: Say;
  /** Whether the browser shall follow the product's own address. */
  open: (hit: Hit, address: string | undefined) => boolean;
}

export function Card({ hit, picture, language, say, open }: CardProps) {
  const { product } = hit;
  const variant = product.variants.find(({ id }) => id === hit.variant_id) ?? product.variants[0];
  const title = product.translations.find((one) => one.language === language)?.title || product.title || product.id;
  const address = addressOf(variant?.link || product.link);
  const inside = (
    <>
      <span class="tile" part="tile">{picture && <img src={picture} alt="" width="320" height="320" loading="lazy" decoding="async" />}</span>
      <bdi class="title" part="title">{title}</bdi>
      {variant?.price !== undefined && (
        <span class="price" part="price">
          {money(variant.price, variant.currency, language)}
          {variant.list_price !== undefined && variant.list_price > variant.price && <s>{money(variant.list_price, variant.currency, language)}</s>}
        </span>
      )}
      {variant?.in_stock === false && <span class="out">{say.out}</span>}
    </>
  );
  const follow = (event: Event) => { if (!open(hit, address)) event.preventDefault(); };
  return (
    <li>
      {address
        ? <a class="hit" part="hit" href={address} onClick={follow}>{inside}</a>
        : <button type="button" class="hit" part="hit" onClick={follow}>{inside}</button>}
    </li>
  );
}
