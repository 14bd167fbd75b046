// The widget for a shop's own page: <script src=".../widget.js"></script> and <shoplens-search></shoplens-search>.
class ShopLensSearch extends HTMLElement {}

if (!customElements.get("shoplens-search")) customElements.define("shoplens-search", ShopLensSearch);
