// `pnpm --filter @gen/backend-onnx conformance [PATTERN]`: TensorFlow.js's own tests of its operations, run on the
// engine from node_modules, on the device that GEN_DEVICE names (cpu by default). A test may fail only if
// exceptions.json names it, with a reason; at most 1 % may be there, and each entry must still be needed. With a
// pattern, only the tests whose name it matches run.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import Jasmine from "jasmine";

const here = dirname(fileURLToPath(import.meta.url));
const core = join(
  dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core/package.json")),
  "dist",
);
const pattern = process.argv[2];

/** Share of all tests that may be excepted. */
const allowance = 0.01;

/** The tests, the engine and the one TensorFlow.js that both use, in one file: Node cannot load the tests as they are. */
async function bundle(outfile) {
  await build({
    entryPoints: [join(here, "suite.js")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@gen/source"],
    // TensorFlow.js requires modules of Node.
    banner: {
      js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
    },
    mainFields: ["module", "main"],
    ignoreAnnotations: true, // "sideEffects": false would drop the tests
    external: ["node-fetch"],
    logLevel: "error",
    define: {
      // From here the engine loads its native library.
      "import.meta.url": JSON.stringify(pathToFileURL(join(here, "../src/runtime/node.ts")).href),
    },
    plugins: [
      {
        name: "one TensorFlow.js, and native modules where they lie",
        setup({ onResolve }) {
          onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({
            path: join(core, "index.js"),
          }));
          onResolve({ filter: /^(onnxruntime-web|koffi)$/ }, ({ path }) => ({
            path: import.meta.resolve(path),
            external: true,
          }));
        },
      },
    ],
  });
}

async function runTests(file) {
  const passed = [];
  const failed = [];
  const jasmine = new Jasmine();
  jasmine.loadConfig({ spec_files: [file], random: false });
  jasmine.exitOnCompletion = false;
  jasmine.clearReporters();
  jasmine.addReporter({
    specDone({ status, fullName, failedExpectations }) {
      const name = fullName.replace(" onnx {}", "");
      if (status === "passed") passed.push(name);
      if (status === "failed") failed.push({ name, message: failedExpectations[0]?.message ?? "" });
    },
  });
  const { log, warn } = console;
  console.log = console.warn = () => {}; // the tests print
  await jasmine.execute(undefined, pattern);
  Object.assign(console, { log, warn });
  return { passed, failed };
}

const folder = mkdtempSync(join(tmpdir(), "conformance-"));
const file = join(folder, "tests.mjs");
await bundle(file);
const { passed, failed } = await runTests(file);
rmSync(folder, { recursive: true });

const device = process.env.GEN_DEVICE ?? "cpu";
const exceptions = JSON.parse(readFileSync(join(here, "exceptions.json"), "utf8"))
  .filter(({ devices }) => devices === undefined || devices.includes(device))
  .map(({ tests, reason }) => ({ matches: new RegExp(tests), tests, reason, count: 0 }));
let excepted = 0;
const unexpected = failed.filter(({ name }) => {
  const exception = exceptions.find(({ matches }) => matches.test(name));
  if (!exception) return true;
  exception.count++;
  excepted++;
  return false;
});
for (const { name, message } of unexpected) console.log(`✗ ${name}\n    ${message.slice(0, 300)}`);
const total = passed.length + failed.length;
const wrong = [];
for (const { tests, matches, count } of exceptions) {
  const passing = passed.filter((name) => matches.test(name));
  if (passing.length > 0)
    wrong.push(`exception /${tests}/ names tests that pass: ${passing.join("; ")}`);
  if (count === 0 && !pattern) wrong.push(`exception /${tests}/ names no test that fails`);
}
if (total === 0) wrong.push("no test ran");
if (excepted > allowance * total && !pattern) {
  wrong.push(`${excepted} tests are excepted; at most ${Math.floor(allowance * total)} may be`);
}
for (const line of wrong) console.log(`✗ ${line}`);
console.log(`${passed.length} passed, ${unexpected.length} failed, ${excepted} excepted`);
process.exit(unexpected.length > 0 || wrong.length > 0 ? 1 : 0);
