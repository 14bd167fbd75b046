// The shop window.
import { render } from "preact";
import { language } from "~/i18n";
import { applyTheme, Empty } from "~/kit";

applyTheme();
document.documentElement.lang = language();
const root = document.getElementById("app");
if (root) render(<Empty title="ShopLens" />, root);
