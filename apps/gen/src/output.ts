import { formatJson } from "./format.ts";

/**
 * Where a command's words go. For a person: sentences, and a status line that is rewritten in place on a terminal and
 * printed every few seconds elsewhere. For a machine (`--json`): one JSON object a line on stdout and nothing else.
 */
export interface Output {
  readonly json: boolean;
  /** A line for a person; a machine does not see it. */
  say(line: string): void;
  /** A line for a person on stderr, in either mode. */
  warn(line: string): void;
  /** An object for a machine; a person does not see it. */
  event(name: string, fields: Record<string, unknown>): void;
  /** The line that says how far things are. */
  status(line: () => string): void;
  /** Takes the status line away. */
  clearStatus(): void;
}

interface Terminal {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const REWRITE_MS = 100;
const PLAIN_MS = 5000;

export function createOutput(
  json: boolean,
  out: Terminal = process.stdout,
  err: Terminal = process.stderr,
  now: () => number = () => performance.now(),
): Output {
  const live = !json && out.isTTY === true;
  let shown = false;
  let last = -Infinity;

  const clearStatus = (): void => {
    if (shown) out.write("\r\u001B[2K");
    shown = false;
  };
  return {
    json,
    say(line) {
      if (json) return;
      clearStatus();
      out.write(`${line}\n`);
    },
    warn(line) {
      clearStatus();
      err.write(`${line}\n`);
    },
    event(name, fields) {
      if (json) out.write(`${formatJson({ event: name, ...fields })}\n`);
    },
    status(line) {
      if (json) return;
      const time = now();
      if (time - last < (live ? REWRITE_MS : PLAIN_MS)) return;
      last = time;
      if (!live) {
        out.write(`${line()}\n`);
        return;
      }
      clearStatus();
      out.write(line().slice(0, Math.max(20, (out.columns ?? 100) - 1)));
      shown = true;
    },
    clearStatus,
  };
}
