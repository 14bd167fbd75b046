// Light or dark: as the device says, until someone chooses.
import { kept, keep } from "./storage";

export type Theme = "auto" | "light" | "dark";

const NAME = "theme";
export const theme = (): Theme => { const now = kept(NAME); return now === "light" || now === "dark" ? now : "auto"; };

export function setTheme(to: Theme): void {
  keep(NAME, to === "auto" ? null : to);
  applyTheme();
}

export function applyTheme(): void {
  const now = theme();
  if (now === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = now;
}
