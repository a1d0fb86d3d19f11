import { bench } from "./bench.ts";
import { Failure } from "./failure.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

try {
  await bench(process.argv.slice(2), process.env, {
    out: (text) => process.stdout.write(text),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  process.exit(0);
} catch (error) {
  const known = error instanceof Failure;
  process.stderr.write(`bench: ${known ? error.message : String((error as Error).stack)}\n`);
  process.exit(known ? error.exitCode : 1);
}
