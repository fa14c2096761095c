import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What is smaller does not get faster by it. */
const MINIMUM = 1024;
const TEXT = /\.(css|html|js|svg|ttf|txt)$/;

/** Writes `FILE.gz` beside every larger file: once here, and not at every request. */
export function gzipped(): Plugin {
  let folder = "";
  return {
    name: "rookery:gzipped",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    async writeBundle() {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !TEXT.test(path)) continue;
        const bytes = await readFile(path);
        if (bytes.length >= MINIMUM) await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
