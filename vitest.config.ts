import { defineConfig } from "vitest/config";

/** All tests of the repository in one pool; each package's own configuration is @gen/config's. */
export default defineConfig({
  test: { projects: ["{packages,apps,tooling}/*/vitest.config.ts"], maxWorkers: 2 },
});
