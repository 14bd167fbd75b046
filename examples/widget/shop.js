// A shop that shows its products itself: the widget tells which one was opened, the shop routes.
const search = document.querySelector("shoplens-search");
const place = document.querySelector("#product");
const part = (chosen) => place.querySelector(chosen);

search.addEventListener("shoplens:open", (event) => {
  event.preventDefault(); // or else the browser follows the product's own address
  const { product, variantId, picture } = event.detail;
  const variant = product.variants.find(({ id }) => id === variantId) ?? product.variants[0];
  part("h2").textContent = product.title;
  part(".price").textContent = variant?.price === undefined ? "" : `${variant.price.toFixed(2)} ${variant.currency ?? ""}`;
  part(".text").textContent = product.description;
  part("img").src = picture;
  show(true);
  history.pushState({ product: product.id }, "", `#${encodeURIComponent(product.id)}`);
});

part("button").addEventListener("click", () => history.back());
addEventListener("popstate", () => show(false));

function show(one) {
  place.hidden = !one;
  search.hidden = one;
  (one ? place : search).focus();
  if (one) scrollTo({ top: 0 });
}
