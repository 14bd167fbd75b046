(function(){"use strict";class e extends HTMLElement{}customElements.get("shoplens-search")||customElements.define("shoplens-search",e)})();
