// The pages of the back office by their address: ROOT/office/NAME?fields.
import { useEffect, useState } from "preact/hooks";
import { rootOfPage } from "~/api";

const base = () => `${rootOfPage()}/office/`;
const listeners = new Set<() => void>();

export interface Place { page: string; rest: string; query: URLSearchParams }

export function place(): Place {
  const path = location.pathname.startsWith(base()) ? location.pathname.slice(base().length) : "";
  const [page = "", ...rest] = path.split("/");
  return { page: decodeURIComponent(page), rest: decodeURIComponent(rest.join("/")), query: new URLSearchParams(location.search) };
}

export const hrefOf = (page: string, query?: Record<string, string>): string => base() + page + (query ? `?${new URLSearchParams(query)}` : "");

export function go(href: string, replace = false): void {
  history[replace ? "replaceState" : "pushState"](null, "", href);
  listeners.forEach((tell) => tell());
}

export function usePlace(): Place {
  const [, redraw] = useState(0);
  useEffect(() => {
    const tell = () => redraw((n) => n + 1);
    listeners.add(tell);
    addEventListener("popstate", tell);
    return () => { listeners.delete(tell); removeEventListener("popstate", tell); };
  }, []);
  return place();
}
