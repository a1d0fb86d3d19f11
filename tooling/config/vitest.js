// Plain JavaScript: Node 20 loads it as it is, through the packages' own vitest.config.ts.
import { defineConfig } from "vitest/config";

const conditions = ["@gen/source", "module", "node", "import", "default"];

/** The one vitest configuration of every package: sources are resolved directly, nothing has to be built. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
