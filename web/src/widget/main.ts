// The widget for a shop's own page: <script src=".../widget.js"></script> and <shoplens-search></shoplens-search>.
// One classic script, nothing beside it. It lives in a shadow root, so that neither the shop's styles nor its scripts meet
// with it by accident, and its styles are put there by script: a policy without unsafe-inline lets it work.
import { h, render } from "preact";
import { Asking } from "./asking";
import { languageOf } from "./texts";
import { Search } from "./Search";
import css from "./widget.css?inline";

// The script lies at the service's root: its address less its name is where to ask.
const script = document.currentScript;
const home = script instanceof HTMLScriptElement ? script.src.replace(/\/widget\.js(\?.*)?$/, "") : "";
const ATTRIBUTES = ["endpoint", "key", "lang", "per-page", "placeholder"] as const;

let styles: CSSStyleSheet | null = null;

class ShopLensSearch extends HTMLElement {
  static readonly observedAttributes = ATTRIBUTES;

  private readonly root = this.attachShadow({ mode: "open" });

  connectedCallback(): void {
    if (!styles) {
      styles = new CSSStyleSheet();
      styles.replaceSync(css);
    }
    this.root.adoptedStyleSheets = [styles];
    this.draw();
  }

  disconnectedCallback(): void {
    render(null, this.root);
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.draw();
  }

  private draw(): void {
    const said = (name: (typeof ATTRIBUTES)[number]) => this.getAttribute(name)?.trim() ?? "";
    const most = Number.parseInt(said("per-page"), 10);
    render(h(Search, {
      asking: new Asking((said("endpoint") || home).replace(/\/+$/, ""), said("key")),
      language: languageOf(said("lang") || document.documentElement.lang || navigator.language),
      perPage: most >= 1 && most <= 250 ? most : 12,
      placeholder: said("placeholder"),
      tell: (name: string, detail: object) =>
        this.dispatchEvent(new CustomEvent(`shoplens:${name}`, { detail, bubbles: true, composed: true, cancelable: true })),
    }), this.root);
  }
}

if (!customElements.get("shoplens-search")) customElements.define("shoplens-search", ShopLensSearch);
