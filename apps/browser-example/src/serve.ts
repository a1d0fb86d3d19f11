import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const runtime = dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm")));

const page = `<!doctype html>
<meta charset="utf-8">
<title>A flow that trains here</title>
<p>…</p>
<canvas width="400" height="400"></canvas>
<script type="module" src="/page.js"></script>
`;

/** Bundles the page and serves it, with the two headers that WebAssembly's threads need. */
export async function serve(port = 0): Promise<{ url: string; server: Server }> {
  const { outputFiles } = await build({
    entryPoints: [join(here, "page.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["@gen/source"], // in this repository; whoever installs the packages needs none
    logLevel: "error",
  });
  const script = outputFiles[0]?.text ?? "";
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const file = /^\/onnxruntime-web\/([\w.-]+\.(?:mjs|wasm))$/.exec(pathname)?.[1];
    if (file) {
      const type = file.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      response.setHeader("Content-Type", type);
      createReadStream(join(runtime, file))
        .on("error", () => response.writeHead(404).end())
        .pipe(response);
    } else if (pathname === "/page.js") {
      response.setHeader("Content-Type", "text/javascript").end(script);
    } else if (pathname === "/") {
      response.setHeader("Content-Type", "text/html").end(page);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(port, "localhost", resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, server };
}
