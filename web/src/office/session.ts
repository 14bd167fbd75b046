// Who works here: the admin key, kept in this tab only.
import { Client, Problem, rootOfPage, type Method } from "~/api";

const NAME = "shoplens-admin-key";
const stored = () => { try { return sessionStorage.getItem(NAME); } catch { return null; } };
let lost: (problem: Problem) => void = () => {};

/** The service, asked with the key of this tab. A key that counts no more is told to whoever waits for that. */
class OfficeClient extends Client {
  override async fetch(method: Method, address: string, given?: Parameters<Client["fetch"]>[2]): Promise<Response> {
    try {
      return await super.fetch(method, address, given);
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 401) lost(problem);
      throw problem;
    }
  }
}

export const api = new OfficeClient(rootOfPage(), stored());

/** What is to be done when the key is missing, was revoked or has expired. */
export const whenLost = (tell: (problem: Problem) => void): void => { lost = tell; };

export function signIn(key: string | null): void {
  api.key = key;
  try {
    if (key) sessionStorage.setItem(NAME, key);
    else sessionStorage.removeItem(NAME);
  } catch { /* storage is shut: the key lives until the page is left */ }
}
