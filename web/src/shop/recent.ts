// The products that were viewed last: kept in this browser, sent nowhere.
import { keep, kept } from "~/kit";

export interface Viewed { id: string; name: string; picture: string }
const NAME = "viewed";
const MOST = 12;

export function viewed(): Viewed[] {
  try {
    const found: unknown = JSON.parse(kept(NAME) ?? "[]");
    return Array.isArray(found) ? found.filter((one): one is Viewed => [one?.id, one?.name, one?.picture].every((text) => typeof text === "string")) : [];
  } catch { return []; }
}

export function view(one: Viewed): void {
  keep(NAME, JSON.stringify([one, ...viewed().filter(({ id }) => id !== one.id)].slice(0, MOST)));
}

export const forget = (): void => keep(NAME, null);
