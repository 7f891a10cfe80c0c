import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The relay serves the page under `/` and `/i/<id>`, with a policy that allows no inline script or style:
// every asset is a file with an absolute address.
export default defineConfig({
  base: "/",
  plugins: [svelte()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  // A slow machine is no failure.
  test: { include: ["src/**/*.test.{js,ts}"], setupFiles: ["./test-setup.js"], testTimeout: 0 },
});
