// Builds pages and widget into a folder beside, then puts file by file in place: a service that starts meanwhile finds all of them.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const target = fileURLToPath(new URL("../src/shoplens/server/ui/assets", import.meta.url));
const made = mkdtempSync(join(tmpdir(), "shoplens-web-"));
try {
  for (const more of [[], ["--mode", "widget"]]) {
    const vite = fileURLToPath(new URL("node_modules/vite/bin/vite.js", import.meta.url));
    const done = spawnSync(process.execPath, [vite, "build", "--logLevel", "warn", ...more], { stdio: "inherit", cwd: fileURLToPath(new URL(".", import.meta.url)), env: { ...process.env, OUT: made } });
    if (done.status !== 0) throw new Error("vite could not build; what was built before stays as it is");
  }
  mkdirSync(target, { recursive: true });
  const names = readdirSync(made);
  for (const name of names) {
    const to = join(target, name);
    if (existsSync(to) && readFileSync(to).equals(readFileSync(join(made, name)))) continue;
    copyFileSync(join(made, name), `${to}.new`);
    renameSync(`${to}.new`, to);
  }
  for (const name of readdirSync(target)) if (!names.includes(name)) rmSync(join(target, name));
} finally {
  rmSync(made, { recursive: true, force: true });
}
