// One product: its pictures, what it is, in which variants it is there, and what is like it.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "~/api";
import { Button, Chip, Empty, Icon, Spinner } from "~/kit";
import { Picture } from "./Picture";
import { attributesOf, pictureOfVariant, Price, ProductCard, Swatches } from "./ProductCard";
import { NOTHING } from "./query";
import { view } from "./recent";
import * as shop from "./store";
import { say } from "./texts";
import { learnFrom, named } from "./values";

const PATH = " > ";
const LIKE_IT = 12;
// Only web addresses become links: a feed can hold anything, "javascript:" too.
const webLink = (link: string | undefined) => (/^https?:\/\//i.test(link ?? "") ? link : undefined);
const label = (field: string): string => { const text = (say() as unknown as Record<string, unknown>)[field]; return typeof text === "string" ? text : field; };

function Similar({ id }: { id: string }) {
  const [hits, setHits] = useState<readonly shop.Hit[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    setHits([]);
    shop.api.post("/v1/similar", { body: { like: [id], per_page: LIKE_IT }, signal: stop.signal }).then((answer) => {
      answer.hits.forEach((hit) => learnFrom(hit.product));
      setHits(answer.hits);
    }, () => {}); // the product itself is here
    return () => stop.abort();
  }, [id]);
  if (!hits.length) return null;
  return (
    <section class="similar" aria-labelledby="like-it">
      <h2 id="like-it">{say().likeIt}</h2>
      <ol class="hits">{hits.map((hit) => <ProductCard key={hit.product.id} hit={{ ...hit, reasons: [] }} eager={false} onWhy={() => {}} />)}</ol>
    </section>
  );
}

function Back() {
  return <a class="back" href={shop.resultsHref(shop.now().query)} onClick={(event) => { event.preventDefault(); shop.close(); }}><Icon name="back" />{say().back}</a>;
}

export function ProductPage({ id }: { id: string }) {
  const [product, setProduct] = useState<shop.Stored | null>(null);
  const [error, setError] = useState("");
  const [variantId, setVariantId] = useState("");
  const [picture, setPicture] = useState("");
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    let here = true;
    setProduct(null);
    setError("");
    shop.productOf(id).then((found) => {
      if (!here) return;
      // The variant that the hit showed is the one that was pressed.
      const hit = shop.now().results?.hits.find((one) => one.product.id === id);
      const chosen = found.variants.find((one) => one.id === hit?.variant_id) ?? found.variants[0];
      const shown = hit?.picture || (chosen && pictureOfVariant(found, chosen)) || found.pictures[0] || "";
      setProduct(found);
      setVariantId(chosen?.id ?? "");
      setPicture(shown);
      const name = shop.titleOf(found);
      document.title = `${name} · ShopLens`;
      view({ id, name, picture: found.pictures[0] ?? "" });
    }, (problem: unknown) => here && setError(problem instanceof Problem && problem.status === 404 ? say().missing : problem instanceof Error ? problem.message : ""));
    return () => { here = false; };
  }, [id]);
  useEffect(() => { title.current?.focus({ preventScroll: true }); }, [product?.id]);
  if (error) return <div class="product-page"><Back /><Empty title={error} /></div>;
  if (!product) return <div class="product-page"><Back /><div class="center"><Spinner label={say().busy} /></div></div>;

  const name = shop.titleOf(product);
  const variant = product.variants.find((one) => one.id === variantId) ?? product.variants[0];
  const attributes = attributesOf(variant);
  const colour = attributes.color?.join(" / ") ?? "";
  const take = (one: shop.Product["variants"][number]) => { setVariantId(one.id); setPicture(pictureOfVariant(product, one) ?? picture); };
  // What the variants of this colour differ in, beside the colour: sizes, say.
  const peers = product.variants.filter((one) => (attributesOf(one).color?.join(" / ") ?? "") === colour);
  const fields = [...new Set(peers.flatMap((one) => Object.keys(attributesOf(one))))].filter((field) => field !== "color" && !field.endsWith("_zh"))
    .filter((field) => new Set(peers.map((one) => attributesOf(one)[field]?.join(" / "))).size > 1);
  const facts = Object.entries({ ...(product.attributes as Record<string, readonly string[]>), ...attributes }).filter(([key]) => !key.endsWith("_zh"));
  const link = webLink(variant?.link) ?? webLink(product.link);
  const description = shop.descriptionOf(product);
  return (
    <article class="product-page">
      <Back />
      <div class="product">
        <div class="gallery">
          <div class="tile large"><Picture key={picture} hash={picture} alt={name} sizes="(max-width: 800px) 92vw, 560px" eager /></div>
          {product.pictures.length > 1 && (
            <div class="thumbs" role="group" aria-label={say().pictures}>
              {product.pictures.slice(0, 12).map((hash, n) => (
                <button type="button" key={hash} class="tile thumb" aria-label={say().pictureN(n + 1)} aria-pressed={hash === picture} onClick={() => setPicture(hash)}>
                  <Picture hash={hash} alt="" sizes="80px" />
                </button>
              ))}
            </div>
          )}
        </div>
        <div class="about stack">
          {product.category.length > 0 && (
            <p class="crumbs">
              {product.category.map((part, n) => {
                const path = product.category.slice(0, n + 1).join(PATH);
                const query = { ...NOTHING, chosen: { category: [path] } };
                return <span key={path}>{n > 0 && " › "}<a dir="auto" href={shop.resultsHref(query)} onClick={(event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); scrollTo({ top: 0 }); void shop.ask(query); } }}>{named("category", part)}</a></span>;
              })}
            </p>
          )}
          <h1 ref={title} tabIndex={-1} dir="auto">{name}</h1>
          {product.brand && <p class="soft" dir="auto">{product.brand}</p>}
          <Price variant={variant} />
          {variant?.in_stock === true && <p class="soft small-text">{say().inStock}</p>}
          <Swatches name={name} product={product} chosen={colour} most={24} onChoose={take} />
          {fields.map((field) => (
            <fieldset class="options" key={field}>
              <legend>{label(field)}</legend>
              {peers.map((one) => (
                <button type="button" key={one.id} class="chip" disabled={one.in_stock === false && one.id !== variantId} aria-pressed={one.id === variantId} onClick={() => take(one)}>
                  <bdi>{attributesOf(one)[field]?.map((value) => named(field, value)).join(" / ") ?? "–"}</bdi>
                </button>
              ))}
            </fieldset>
          ))}
          <div class="row">
            {link && <a class="btn primary" href={link} rel="noopener">{say().toShop}<Icon name="external" /></a>}
            <Button icon="similar" aria-label={say().similarTo(name)} onClick={() => void shop.similar({ id, name, picture })}>{say().similar}</Button>
          </div>
          {description && <p class="description" dir="auto">{description}</p>}
          {facts.length > 0 && (
            <dl class="facts">
              {facts.map(([key, values]) => <div key={key}><dt>{label(key)}</dt><dd dir="auto">{values.map((value) => named(key, value)).join(", ")}</dd></div>)}
            </dl>
          )}
          {product.derived.length > 0 && <div class="chips">{product.derived.slice(0, 6).map((one) => <Chip key={one.field + one.text} title={`${one.field}: ${one.source}`}>{one.text}</Chip>)}</div>}
        </div>
      </div>
      <Similar id={id} />
    </article>
  );
}

