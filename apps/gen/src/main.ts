#!/usr/bin/env node
import { runCli } from "./cli.ts";

// A reader that goes away (`gen … | head`) ends the program quietly.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.exit(await runCli(process.argv.slice(2)));
