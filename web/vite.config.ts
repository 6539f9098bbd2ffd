import { defineConfig } from "vite";

// One classic script, so that a page on any origin can take it in with one tag.
export default defineConfig({
  build: {
    target: "es2022",
    outDir: "dist",
    lib: { entry: "src/main.ts", name: "ParlanceChat", formats: ["iife"], fileName: () => "widget.js" },
  },
});
