// `npm test`: installs, then runs every check of the repository, one after the other; the last line is
// `N passed, N failed`. Needs Node and npm: npx brings the pnpm that package.json names.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("../../", import.meta.url));
const { packageManager } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };
// Of an outer `npx --package …`, which would speak to the npx below.
delete env.npm_config_package;
delete env.npm_config_call;

/** Runs a command of pnpm, and shows what it prints: whether it went well, and its output. */
function pnpm(...args) {
  return new Promise((resolve) => {
    const shell = process.platform === "win32";
    const stdio = ["ignore", "pipe", "pipe"];
    const child = spawn("npx", ["--yes", packageManager, ...args], { cwd, env, shell, stdio });
    let output = "";
    for (const stream of ["stdout", "stderr"]) {
      child[stream].on("data", (data) => {
        output += data;
        process[stream].write(data);
      });
    }
    child.on("error", (error) => resolve({ ok: false, output: String(error) }));
    child.on("close", (status) => resolve({ ok: status === 0, output }));
  });
}

/** One command, one check. */
async function single(...args) {
  const { ok } = await pnpm(...args);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/** One check for each package; a task that could not start because another failed has failed too. */
async function turbo(task) {
  const flags = ["--continue", "--concurrency=2", "--output-logs=errors-only"];
  const { ok, output } = await pnpm("exec", "turbo", "run", task, ...flags);
  const [, passed, total] = /Tasks:\D*(\d+) successful\D*(\d+) total/.exec(output) ?? [0, 0, 0];
  const failed = total - passed;
  return { passed: Number(passed), failed: ok ? failed : Math.max(failed, 1) };
}

/** One check for each test; a file that cannot be loaded, and an error outside of every test, counts as one failed. */
async function vitest() {
  const folder = mkdtempSync(join(tmpdir(), "gen-test-"));
  const file = join(folder, "report.json");
  const flags = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const { ok } = await pnpm("exec", "vitest", "run", ...flags);
  let passed = 0;
  let failed = 0;
  try {
    const report = JSON.parse(readFileSync(file, "utf8"));
    const files = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === "failed" && assertionResults.every((test) => test.status !== "failed"),
    );
    passed = report.numPassedTests;
    failed = report.numFailedTests + files.length;
  } catch (error) {
    console.error(`test: vitest left no report: ${error.message}`);
  }
  rmSync(folder, { recursive: true, force: true });
  return { passed, failed: ok ? failed : Math.max(failed, 1) };
}

/** TensorFlow.js's own tests of its operations, on the engine. */
async function conformance() {
  const { ok, output } = await pnpm("--filter", "@gen/backend-onnx", "conformance");
  const [, passed, failed] = /(\d+) passed, (\d+) failed/.exec(output) ?? [0, 0, 0];
  return { passed: Number(passed), failed: ok ? Number(failed) : Math.max(Number(failed), 1) };
}

const checks = {
  install: () => single("install", "--frozen-lockfile"),
  format: () => single("exec", "oxfmt", "--check"),
  lint: () => single("exec", "oxlint", "--deny-warnings"),
  typecheck: () => turbo("typecheck"),
  build: () => turbo("build"),
  tests: vitest,
  conformance,
};

const rows = [];
for (const [name, check] of Object.entries(checks)) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const { passed, failed } = await check();
  rows.push({ name, passed, failed, seconds: (performance.now() - start) / 1000 });
  if (name === "install" && failed > 0) break;
}

console.log();
for (const { name, passed, failed, seconds } of rows) {
  const counts = `${passed} ok${failed > 0 ? `, ${failed} not ok` : ""}`;
  console.log(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s  ${counts}`);
}
const sum = (field) => rows.reduce((total, row) => total + row[field], 0);
process.exitCode = sum("failed") > 0 ? 1 : 0;
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
