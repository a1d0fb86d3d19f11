import { inspect } from "node:util";
import { chromium } from "@gen/testing/chromium";
import { build } from "esbuild";
import { type Browser, chromium as playwright } from "playwright-core";

export interface BrowserRunner {
  /**
   * Bundles a module, runs it in a page of its own, and gives what it prints, written as Node writes it.
   *
   * @param code TypeScript that may await at its top
   * @param from the folder where the packages that it imports are found
   * @param conditions of `exports` besides the usual ones
   */
  run(code: string, from: string, conditions?: string[]): Promise<string>;
  close(): Promise<void>;
}

/** Packages that are installed alone for browsers, and whose examples are run in one. */
export const forBrowsers: readonly string[] = [
  "metrics",
  "probability",
  "random",
  "samplers",
  "schedules",
];

/** Why there is no browser to test in, or undefined where there is one. */
export const noBrowser: string | undefined = chromium
  ? undefined
  : "no Chromium here; install it, or name it in CHROMIUM";

/** Starts headless Chromium. */
export async function startBrowser(): Promise<BrowserRunner> {
  const browser: Browser = await playwright.launch({
    executablePath: chromium as string,
    args: ["--no-sandbox"],
  });
  return {
    close: () => browser.close(),
    async run(code, from, conditions = []) {
      const { outputFiles } = await build({
        stdin: {
          contents: `${code}\nconsole.debug("end of the example");`,
          resolveDir: from,
          loader: "ts",
        },
        bundle: true,
        write: false,
        format: "esm",
        platform: "browser",
        conditions,
        // The engine's package is there in the workspace only, and is asked for at run time.
        external: ["onnxruntime-node", "onnxruntime-web", "onnxruntime-web/*"],
        logLevel: "error",
      });
      const page = await browser.newPage();
      try {
        const lines: Promise<string>[] = [];
        const ended = new Promise<void>((resolve, reject) => {
          page.on("pageerror", reject);
          page.on("console", (message) => {
            if (message.text() === "end of the example") return resolve();
            const parts = message.args().map((handle) => handle.jsonValue() as Promise<unknown>);
            lines.push(
              Promise.all(parts).then((values) =>
                values.map((v) => (typeof v === "string" ? v : inspect(v))).join(" "),
              ),
            );
          });
        });
        await page.goto("about:blank");
        await page.addScriptTag({
          content: (outputFiles[0] as { text: string }).text,
          type: "module",
        });
        await ended;
        return (await Promise.all(lines)).join("\n");
      } finally {
        await page.close();
      }
    },
  };
}
