// The shop window: takes the page over that the service sent with its first answer.
import { render } from "preact";
import { language } from "~/i18n";
import { applyTheme } from "~/kit";
import { App } from "./App";
import "./shop.css";
import { start } from "./store";

applyTheme();
document.documentElement.lang = language();
const place = document.getElementById("app");
if (place) {
  start();
  place.textContent = "";
  render(<App />, place);
}
