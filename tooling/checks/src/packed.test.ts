import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BrowserRunner, forBrowsers, noBrowser, startBrowser } from "./browser.ts";
import { environment } from "./environment.ts";
import { packAll } from "./pack.ts";
import { exampleOf, missingResult } from "./readme.ts";
import { packages } from "./workspace.ts";

const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const npmFlags = "--prefer-offline --no-audit --no-fund --loglevel=error".split(" ");
const tscFlags =
  "--target ES2023 --module NodeNext --lib ES2023,DOM --strict --noImplicitAny false --skipLibCheck --types".split(
    " ",
  );
let folder: string;
let tarballs: Record<string, string>;
let browser: BrowserRunner | undefined;
beforeAll(async () => {
  if (!noBrowser) browser = await startBrowser();
  folder = mkdtempSync(join(tmpdir(), "gen-alone-"));
  const packed = [...packAll(folder)].map(([name, path]) => [name, `file:${path}`] as const);
  tarballs = Object.fromEntries(packed);
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const where = noBrowser ? ` (in no browser: ${noBrowser})` : "";
describe.concurrent(`with plain npm, in an empty folder${where}`, () => {
  for (const each of packages) {
    const self = each.manifest.name;
    test(`${self} installs with only what it declares, and its README example runs`, async () => {
      const { code, install, promised } = exampleOf(each);
      const cwd = join(folder, each.name);
      mkdirSync(cwd);
      // What is installed from the names of this repository comes from the tarballs, however deep it stands.
      const npm = (names: string[]): Promise<string> => {
        const own = names.filter((name) => name in tarballs);
        const manifest = {
          private: true,
          type: "module",
          dependencies: Object.fromEntries(own.map((name) => [name, tarballs[name]])),
          overrides: { ...tarballs, ...Object.fromEntries(own.map((name) => [name, `$${name}`])) },
        };
        writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
        const others = names.filter((name) => !(name in tarballs));
        return run(cwd, "npm", ["install", ...npmFlags, ...others]);
      };

      const flags = install.filter((argument) => argument.startsWith("-"));
      await npm([self, ...flags]);
      await run(cwd, "node", ["--input-type=module", "--eval", `await import("${self}")`]);

      await npm(install);
      writeFileSync(join(cwd, "example.ts"), code);
      await run(cwd, "node", [tsc, "example.ts", ...tscFlags, ""]);
      const output = await run(cwd, "node", ["example.js"]);
      expect(missingResult(promised, output), `promised, but not printed:\n${output}`).toBe(
        undefined,
      );
      if (browser && forBrowsers.includes(each.name)) {
        const printed = await browser.run(code, cwd);
        expect(
          missingResult(promised, printed),
          `promised, but not in a browser:\n${printed}`,
        ).toBe(undefined);
      }
      rmSync(cwd, { recursive: true, force: true });
    }, 300_000);
  }
});

/** Runs a command to its end; its output, or an error that holds it. */
function run(cwd: string, command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: environment,
      shell: process.platform === "win32" && command !== "node",
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(" ")} ended with ${status}:\n${output}`));
    });
  });
}
