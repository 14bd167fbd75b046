// Making elements. Texts of products only ever arrive as text nodes and attributes, never as HTML.
export const byId = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}

// dir="auto" shuts a text in by itself: its right-to-left marks cannot turn around what stands beside it.
export const told = (name, text, attributes = {}) => element(name, { dir: "auto", ...attributes }, text);

export const pictureOf = (hash, side) => `v1/pictures/${encodeURIComponent(hash)}?side=${side}`;
