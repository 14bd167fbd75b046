// What a page keeps in the browser. Where storage is shut it keeps nothing, and nothing fails.
export function kept(name: string): string | null {
  try { return localStorage.getItem(name); } catch { return null; }
}

export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch { /* kept until the page is left */ }
}
