// Who works here: the admin key, kept in this tab only.
import { Client, rootOfPage } from "~/api";

const NAME = "shoplens-admin-key";
const stored = () => { try { return sessionStorage.getItem(NAME); } catch { return null; } };

export const api = new Client(rootOfPage(), stored());

export function signIn(key: string | null): void {
  api.key = key;
  try {
    if (key) sessionStorage.setItem(NAME, key);
    else sessionStorage.removeItem(NAME);
  } catch { /* storage is shut: the key lives until the page is left */ }
}
