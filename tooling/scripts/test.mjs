// Every check of the repository, one after the other; the last line is `N passed, N failed`. Runs inside `pnpm exec`,
// which puts pnpm and the tools on the path: `npm test`, or `pnpm check` when everything is installed.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("../../", import.meta.url));
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };

/** Runs a tool and shows what it prints: its exit status and its output. */
function run(command, args) {
  return new Promise((resolve) => {
    const shell = process.platform === "win32";
    const child = spawn(command, args, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
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

/** One tool, one check. */
async function single(command, ...args) {
  const { ok } = await run(command, args);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/** One check for each package; a task that could not start because another failed has failed too. */
async function turbo(task) {
  const args = ["run", task, "--continue", "--concurrency=2", "--output-logs=errors-only"];
  const { ok, output } = await run("turbo", args);
  const [, passed, total] = /Tasks:\D*(\d+) successful\D*(\d+) total/.exec(output) ?? [0, 0, 0];
  const failed = total - passed;
  return { passed: Number(passed), failed: ok ? failed : Math.max(failed, 1) };
}

/** One check for each test; a file that cannot be loaded, and an error outside of every test, counts as one failed. */
async function vitest() {
  const folder = mkdtempSync(join(tmpdir(), "gen-test-"));
  const file = join(folder, "report.json");
  const { ok } = await run("vitest", [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
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

const checks = {
  format: () => single("oxfmt", "--check"),
  lint: () => single("oxlint", "--deny-warnings"),
  typecheck: () => turbo("typecheck"),
  build: () => turbo("build"),
  tests: vitest,
};

const rows = [];
for (const [name, check] of Object.entries(checks)) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const { passed, failed } = await check();
  rows.push({ name, passed, failed, seconds: (performance.now() - start) / 1000 });
}

console.log();
for (const { name, passed, failed, seconds } of rows) {
  const counts = `${passed} ok${failed > 0 ? `, ${failed} not ok` : ""}`;
  console.log(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s  ${counts}`);
}
const sum = (field) => rows.reduce((total, row) => total + row[field], 0);
process.exitCode = sum("failed") > 0 ? 1 : 0;
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
