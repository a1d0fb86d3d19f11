import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomic } from "./atomic-file.ts";
import { lockRun } from "./run-lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gen-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a file is written whole and leaves nothing beside it", () => {
  const path = join(folder, "a.bin");
  writeFileAtomic(path, "one");
  writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  expect(readdirSync(folder)).toEqual(["a.bin"]);
});

test("what cannot be written is one sentence, and the old file stays", () => {
  const path = join(folder, "a.bin");
  mkdirSync(path);
  expect(() => writeFileAtomic(path, "x")).toThrow(
    `Could not write ${path}: there is a folder of that name.`,
  );
  expect(() => writeFileAtomic(join(folder, "no", "b"), "x")).toThrow(
    "the folder it belongs in is gone",
  );
  expect(readdirSync(folder)).toEqual(["a.bin"]);
});

const isRoot = process.getuid?.() === 0 && process.platform === "linux";
test.skipIf(!isRoot)(
  "a full disk leaves the old file and nothing half-written (needs root, for a tiny tmpfs)",
  ({ skip }) => {
    const small = join(folder, "small");
    mkdirSync(small);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small], { stdio: "ignore" });
    } catch {
      skip("mount is not permitted here");
    }
    try {
      const path = join(small, "a.bin");
      writeFileAtomic(path, "old");
      expect(() => writeFileAtomic(path, new Uint8Array(200_000))).toThrow(
        `Could not write ${path}: the disk is full; free some space and run the same command again.`,
      );
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(readdirSync(small)).toEqual(["a.bin"]);
    } finally {
      execFileSync("umount", [small]);
    }
  },
);

test("a lock is held once, and free again when released", () => {
  const lock = lockRun(folder);
  expect(() => lockRun(folder)).toThrow(
    `${folder} is in use by another run (process ${process.pid})`,
  );
  lock.release();
  lockRun(folder).release();
  expect(readdirSync(folder)).toEqual([]);
});

test("the lock of a dead process is taken over, that of a living one is not", async () => {
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  const path = join(folder, "run.lock");
  const started =
    process.platform === "linux"
      ? readFileSync(`/proc/${other.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19]
      : "";
  writeFileSync(path, JSON.stringify({ pid: other.pid, host: hostname(), started }));
  expect(() => lockRun(folder)).toThrow(`process ${other.pid}`);
  other.kill("SIGKILL");
  await new Promise((done) => other.once("exit", done));
  const lock = lockRun(folder);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
  lock.release();
});

test(
  "a lock whose process id belongs to another program by now is taken over",
  { skip: process.platform !== "linux" },
  () => {
    writeFileSync(
      join(folder, "run.lock"),
      JSON.stringify({ pid: process.ppid, host: hostname(), started: "1" }),
    );
    lockRun(folder).release();
    expect(existsSync(join(folder, "run.lock"))).toBe(false);
  },
);

test("a lock from another machine is respected", () => {
  writeFileSync(
    join(folder, "run.lock"),
    JSON.stringify({ pid: 1, host: "elsewhere", started: "" }),
  );
  expect(() => lockRun(folder)).toThrow("(process 1 on elsewhere)");
});
