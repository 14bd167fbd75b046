import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Two builds into one folder: the pages as modules that share what they can; then the widget, one classic script, since
// a shop puts it into a page of its own with <script>. Names have no hash: the service serves them under an address
// that changes with their content, and a rebuild compares line by line. OUT: another folder (scripts/check_web.sh).
export default defineConfig(({ mode }) => {
  const widget = mode === "widget";
  return {
    root: here("."),
    base: "./",
    publicDir: false,
    mode: "production",
    resolve: { alias: { "~": here("./src") } },
    esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
    build: {
      outDir: process.env.OUT ?? here("../src/shoplens/server/ui/assets"),
      emptyOutDir: !widget,
      target: "es2022",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      manifest: widget ? false : "manifest.json",
      rollupOptions: {
        input: widget
          ? { widget: here("src/widget/main.ts") }
          : { shop: here("src/shop/main.tsx"), office: here("src/office/main.tsx") },
        output: {
          format: widget ? "iife" : "es",
          entryFileNames: "[name].js",
          chunkFileNames: "[name].js",
          assetFileNames: "[name][extname]",
          ...(widget ? {} : { manualChunks: shared }),
        },
      },
    },
  };
});

// What both pages need, in one file of a name that does not depend on which of them asked first.
function shared(id: string): string | undefined {
  if (id.includes("node_modules/preact") || /\/src\/(kit|i18n|api)\//.test(id)) return "kit";
  return undefined;
}
