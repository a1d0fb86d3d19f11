import { type ArgsDef, type CommandDef, type CommandMeta, runCommand } from "citty";
import { checkArguments } from "./arguments.ts";
import { unknown } from "./closest.ts";
import { Failure, messageOf, misuse } from "./failure.ts";
import { formatJson } from "./format.ts";
import { compareCommand } from "./commands/compare.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evalCommand } from "./commands/eval.ts";
import { exportCommand } from "./commands/export.ts";
import { sampleCommand } from "./commands/sample.ts";
import { showCommands } from "./commands/show.ts";
import { trainCommands } from "./commands/train.ts";
import { commandUsage } from "./usage.ts";
import { version } from "./version.ts";

// eslint-disable-next-line typescript/no-explicit-any -- citty's own type for a command of any arguments
type AnyCommand = CommandDef<any>;

interface Group {
  description: string;
  commands: Record<string, AnyCommand | Group>;
}

const root: Group = {
  description: "Generative models from one command line: train, sample, evaluate.",
  commands: {
    train: {
      description: "Train a model on built-in or real data.",
      commands: trainCommands,
    },
    sample: sampleCommand,
    eval: evalCommand,
    compare: compareCommand,
    export: exportCommand,
    show: {
      description: "Draw what the mathematics does, and what a run has learned.",
      commands: showCommands,
    },
    demo: demoCommand,
    doctor: doctorCommand,
  },
};

/**
 * The whole program: finds the command, checks what was typed, runs it.
 *
 * @returns the exit code: 0, 1 when something went wrong, 2 when the command line cannot be understood, 130 when
 *   interrupted
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  try {
    return await dispatch(root, "gen", argv);
  } catch (error) {
    const code = error instanceof Failure ? error.exitCode : 1;
    const message = messageOf(error).replaceAll("\n", " ");
    if (json) process.stdout.write(`${formatJson({ event: "error", message, exitCode: code })}\n`);
    process.stderr.write(`gen: ${message}\n`);
    if (argv.includes("--debug") && error instanceof Error)
      process.stderr.write(`${stackOf(error)}\n`);
    return code;
  }
}

async function dispatch(group: Group, path: string, argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(groupUsage(group, path));
    return name === undefined ? 2 : 0;
  }
  if (path === "gen" && (name === "--version" || name === "-v")) {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  if (name.startsWith("-")) {
    throw misuse(
      `${path}: give a command first, then its options: ${path} ${Object.keys(group.commands).join("|")} … (got "${name}").`,
    );
  }
  const found = Object.hasOwn(group.commands, name) ? group.commands[name] : undefined;
  if (!found) throw unknown(`command ${path}`, name, Object.keys(group.commands));
  const full = `${path} ${name}`;
  if ("commands" in found) return dispatch(found, full, rest);

  if (rest.includes("--help") || rest.includes("-h")) {
    const { description = "" } = found.meta as CommandMeta;
    process.stdout.write(commandUsage(full, description, found.args as ArgsDef));
    return 0;
  }
  checkArguments(full, rest, found.args as ArgsDef);
  const { result } = await runCommand(found, { rawArgs: [...rest] });
  return typeof result === "number" ? result : 0;
}

function groupUsage(group: Group, path: string): string {
  const width = Math.max(...Object.keys(group.commands).map((name) => name.length));
  const rows = Object.entries(group.commands).map(([name, command]) => {
    const about =
      "commands" in command
        ? `${command.description} (${Object.keys(command.commands).join(", ")})`
        : ((command.meta as { description?: string } | undefined)?.description ?? "");
    return `  ${name.padEnd(width)}  ${about.split("\n")[0]}`;
  });
  const first = Object.keys(group.commands)[0];
  return [
    group.description,
    "",
    `Usage: ${path} <command> [options]`,
    "",
    "Commands:",
    ...rows,
    "",
    `\`${path} ${path === "gen" ? "<command>" : first} --help\` tells the options of one.`,
    ...(path === "gen"
      ? [
          "",
          "To begin: `gen demo` trains and draws digits in a few minutes, offline. `gen doctor` tells what runs here.",
        ]
      : []),
    "",
  ].join("\n");
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
