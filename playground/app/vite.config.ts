import { defineConfig } from "vite";

import { gzipped } from "./plugins/gzipped.ts";
import { Licences } from "./plugins/licences.ts";

const licences = new Licences();

export default defineConfig({
  base: "/playground/",
  esbuild: { jsx: "automatic" },
  plugins: [licences.collected(), licences.written("licences.txt"), gzipped()],
  worker: { format: "es", plugins: () => [licences.collected()] },
  build: {
    // Files of their own, so that the page's policy need not allow data as fonts.
    assetsInlineLimit: 0,
    // The editor is one large part.
    chunkSizeWarningLimit: 8192,
    reportCompressedSize: false,
  },
});
