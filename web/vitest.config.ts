import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.ts"],
    env: { TZ: "UTC" },
    testTimeout: 20_000, // on a busy machine
    restoreMocks: true,
    unstubGlobals: true,
  },
});
