import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("importing the package loads itself, the keys and nothing else", () => {
  // A process of its own, with every module that is loaded written down.
  const index = new URL("./index.ts", import.meta.url).href;
  const hooks = `
    export async function load(url, context, next) { console.log(url); return next(url, context); }
  `;
  const code = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));
    await import(${JSON.stringify(index)});
  `;
  const run = spawnSync(
    process.execPath,
    ["--conditions=@gen/source", "--import=tsx", "--input-type=module", "--eval", code],
    { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8" },
  );
  expect(run.status, run.stderr).toBe(0);
  const loaded = run.stdout.split("\n").filter((url) => url.startsWith("file:"));
  const own = /\/packages\/(schedules|random)\/src\//;
  expect(loaded.filter((url) => own.test(url)).length).toBeGreaterThan(30);
  expect(loaded.filter((url) => !own.test(url))).toEqual([]);
});
