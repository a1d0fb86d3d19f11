import { renameSync, statSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { useBackend } from "@gen/tensor";
import { parseArguments, usage } from "./arguments.ts";
import { type Comparison, compare } from "./compare.ts";
import { checkPython } from "./contenders.ts";
import { Failure } from "./failure.ts";
import { machineOf, type Report, reportOf } from "./report.ts";
import { tableOf } from "./table.ts";
import { workloadOf } from "./workloads/index.ts";

/** Where the program writes. */
export interface Streams {
  out(text: string): void;
  /** Progress, a line at a time. */
  progress(line: string): void;
}

/**
 * The whole program.
 *
 * @returns the report, or nothing if only help was asked for
 * @throws a Failure with its exit code
 */
export async function bench(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { out, progress }: Streams,
): Promise<Report | undefined> {
  const options = parseArguments(argv, env);
  if (options.help) {
    out(usage);
    return undefined;
  }
  const { json, python, peers, threads } = options;
  if (json !== undefined) checkFolder(json);
  if (peers.some((peer) => peer.startsWith("torch"))) {
    if (python) await checkPython(python);
    else progress("PyTorch is left out: give a Python that has torch by --python or GEN_PYTHON");
  }
  const load = loadavg()[0] ?? 0;
  // This process only initialises the shared weights.
  await useBackend("cpu");
  const comparisons: Comparison[] = [];
  for (const name of options.workloads) {
    comparisons.push(await compare(workloadOf(name), options, progress));
  }
  const versions = Object.assign({}, ...comparisons.map((c) => c.versions));
  const report = reportOf(comparisons, machineOf(threads, load, versions));
  out(tableOf(report));
  if (json !== undefined) {
    writeFileSync(`${json}.part`, `${JSON.stringify(report, null, 2)}\n`);
    renameSync(`${json}.part`, json);
  }
  return report;
}

function checkFolder(file: string): void {
  const folder = dirname(file);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(`--json ${file}: there is no folder ${folder}; make it first`, 2);
  }
}
