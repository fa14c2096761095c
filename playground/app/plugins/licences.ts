import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

/** Licences that allow copies on the condition that their text goes with them. */
const PERMITTED = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);
/** Packages without a licence file: another one by the same people, under the same licence, has it. */
const SIBLINGS: Record<string, string> = {
  "@graphiql/plugin-doc-explorer": "graphiql",
  "@graphiql/plugin-history": "graphiql",
  "react-compiler-runtime": "react",
  "react-remove-scroll-bar": "react-remove-scroll",
};

interface Package {
  name: string;
  version: string;
  licence: string;
  folder: string;
}

/** The packages that end up in the bundle, and their licences, which have to go with every copy. */
export class Licences {
  #packages = new Map<string, Package>();

  /** Notes whose code is in a bundle: the page's, or a worker's. */
  collected(): Plugin {
    return {
      name: "rookery:licences-collected",
      generateBundle: (_options, bundle) => {
        for (const file of Object.values(bundle)) {
          if (file.type === "chunk") file.moduleIds.forEach((id) => this.#note(id));
        }
      },
    };
  }

  /** Writes them into a file of the page's bundle. */
  written(fileName: string): Plugin {
    const licences = this;
    return {
      name: "rookery:licences-written",
      generateBundle() {
        this.emitFile({ type: "asset", fileName, source: licences.#text() });
      },
    };
  }

  #note(id: string) {
    const path = id.replace(/^\0/, "").replace(/\?.*$/, "");
    if (!path.includes("/node_modules/")) return;
    for (let folder = dirname(path); !folder.endsWith("/node_modules"); folder = dirname(folder)) {
      const manifest = join(folder, "package.json");
      if (!existsSync(manifest)) continue;
      const { name, version, license: licence } = JSON.parse(readFileSync(manifest, "utf8"));
      // A folder within a package may have a manifest that says no more than how its files are to be read.
      if (!name || !version) continue;
      this.#packages.set(folder, { name, version, licence, folder });
      return;
    }
  }

  #text(): string {
    const packages = [...this.#packages.values()].sort((one, other) => one.name.localeCompare(other.name));
    const problems = packages.map((one) => this.#problem(one)).filter((problem) => problem !== null);
    if (problems.length > 0) throw new Error(problems.join("; "));
    const parts = packages.map((one) => `${one.name} ${one.version} (${one.licence})\n\n${this.#texts(one).join("\n\n")}`);
    const line = `\n\n${"-".repeat(80)}\n\n`;
    return `The playground of Rookery contains these packages.${line}${parts.join(line)}\n`;
  }

  #problem(one: Package): string | null {
    if (!PERMITTED.has(one.licence)) return `${one.name} has the licence ${one.licence}, which is not among PERMITTED`;
    return this.#texts(one).length > 0 ? null : `${one.name} has no licence file, and no sibling that has`;
  }

  #texts({ name, folder }: Package): string[] {
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|third-?party)/i.test(file));
    if (files.length > 0) return files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
    const sibling = [...this.#packages.values()].find((other) => other.name === SIBLINGS[name]);
    return sibling ? this.#texts(sibling) : [];
  }
}
