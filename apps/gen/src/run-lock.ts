import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Failure, codeOf } from "./failure.ts";
import { writeFailure } from "./atomic-file.ts";

interface Holder {
  pid: number;
  host: string;
  /** When that process started, where the system tells: a pid comes back, a pair of both does not. */
  started: string;
}

/** Held by the one process that may write into a run folder. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the lock of a run folder. A lock whose process is no more (killed, power cut) is taken over.
 *
 * @throws Failure when another process holds it
 */
export function lockRun(folder: string): RunLock {
  const path = join(folder, "run.lock");
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
  });
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      writeFileSync(path, mine, { flag: "wx" });
      return { release: () => releaseIfMine(path, mine) };
    } catch (error) {
      if (codeOf(error) !== "EEXIST") {
        releaseIfMine(path, mine);
        throw writeFailure(path, error);
      }
    }
    const found = readLock(path);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder ? isAlive(holder) : isFresh(path)) {
      throw new Failure(
        `${folder} is in use by another run (process ${holder?.pid ?? "unknown"}${holder && holder.host !== hostname() ? ` on ${holder.host}` : ""}); ` +
          "wait for it, stop it, or choose another --out.",
      );
    }
    takeAway(path, found);
  }
  throw new Failure(`${folder}: its lock ${path} keeps changing hands; try again.`);
}

/** Removes a dead lock, unless another process has just replaced it. */
function takeAway(path: string, expected: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readLock(aside) === expected) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function releaseIfMine(path: string, mine: string): void {
  const found = readLock(path);
  if (found === mine || found === "") rmSync(path, { force: true });
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, started } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string"
      ? { pid, host, started: started ?? "" }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A process on another machine counts as alive: from here nobody can tell. */
function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  return holder.started === startOf(holder.pid);
}

/** An unreadable lock may be one that is being written this moment. */
function isFresh(path: string): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs < 2000;
  } catch {
    return false;
  }
}

/** The start time of a process in the kernel's ticks; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "dead" : (fields[19] ?? "");
  } catch {
    return "";
  }
}
