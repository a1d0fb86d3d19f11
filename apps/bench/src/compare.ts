import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Arguments, PeerName } from "./arguments.ts";
import type { Contender } from "./contender.ts";
import { type Lane, lanesOf } from "./contenders.ts";
import { Failure } from "./failure.ts";
import type { Prepared } from "./protocol.ts";
import { writeShared } from "./shared-inputs.ts";
import { sameWork } from "./same-work.ts";
import { median, pairedRatio, type Ratio } from "./statistics.ts";
import type { Workload } from "./workload.ts";

/** What came out of one workload. */
export interface Comparison {
  name: string;
  parameters: number;
  /** Multiplications and additions of products and convolutions in a step. */
  flops: number | undefined;
  /** Megabytes at most. */
  oursMemoryMb: number | undefined;
  /** Milliseconds of a step (for sampling: of a whole batch of samples), the median over rounds. */
  oursMs: number;
  /** Of all steps the fastest: what the machine can do while others use it too. */
  oursFastestMs: number;
  peers: Partial<Record<PeerName, PeerResult>>;
  versions: Record<string, string>;
}

export type PeerResult =
  | {
      ms: number;
      fastestMs: number;
      ratio: Ratio;
      variant?: string;
      checkError: number;
      memoryMb: number | undefined;
    }
  /** Why there is no time. */
  | { reason: string };

/** A contender in the course of a workload. */
interface Runner {
  lane: Lane;
  contender: Contender;
  prepared: Prepared;
  /** Milliseconds a step, by its last block. */
  stepMs: number;
  fastestMs: number;
  spentMs: number;
  /** The median step of each round that it took part in. */
  rounds: (number | undefined)[];
}

/** Idle time before each block: threads of the runtime before spin for a while, and would be in the way. */
const pauseMs = 50;

/** Beyond this, ours or PyTorch hangs. */
const patienceMs = 600_000;

/**
 * Times a workload on our backend and its peers in turns: in each round everyone does a block of steps, in the
 * opposite order of the round before. Everyone begins with the same weights and must get the same results.
 *
 * @param say is told what goes on, a line at a time
 * @throws a Failure if a peer does other work: another number of parameters, or results that differ
 */
export async function compare(
  workload: Workload,
  options: Arguments,
  say: (line: string) => void,
): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), "gen-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove); // interrupted
  const runners: Runner[] = [];
  const missing: Comparison["peers"] = {};
  const versions: Record<string, string> = {};
  try {
    const file = join(folder, "shared.safetensors");
    writeShared(workload, file);
    for (const lane of lanesOf(workload, options)) {
      const limited = isLimited(lane);
      let contender: Contender | undefined;
      try {
        const started = await lane.start();
        contender = started.contender;
        Object.assign(versions, started.versions);
        const begin = performance.now();
        const { name, twin, checks, counted } = workload;
        const request = {
          workload: name,
          twin,
          file,
          checks: limited ? 1 : checks,
          count: counted && options.device === "cpu" && countsFlops(lane),
        };
        const prepared = await contender.prepare(request, limited ? options.capMs : patienceMs);
        const spentMs = performance.now() - begin;
        runners.push({
          lane,
          contender,
          prepared,
          stepMs: prepared.stepMs,
          fastestMs: Infinity,
          spentMs,
          rounds: [],
        });
        say(`${workload.name}: ${label(lane)} ready in ${(spentMs / 1000).toFixed(1)} s`);
      } catch (error) {
        await contender?.stop();
        if (lane.peer === "ours") throw new Failure(`our backend: ${(error as Error).message}`);
        missing[lane.peer] = { reason: (error as Error).message };
        say(`${workload.name}: ${label(lane)}: ${(error as Error).message}`);
      }
    }
    const ours = runners[0] as Runner;
    const errors = new Map(runners.map((runner) => [runner, checked(workload, ours, runner)]));
    for (let round = 0; round < options.rounds; round++) {
      const order = round % 2 === 0 ? runners : runners.toReversed();
      for (const runner of order) await takeTurn(runner, round, options);
      const times = runners.flatMap(({ lane, rounds: { [round]: time } }) =>
        time === undefined ? [] : [`${label(lane)} ${time.toFixed(1)}`],
      );
      say(`${workload.name}: round ${round + 1}/${options.rounds}, ms: ${times.join(", ")}`);
    }

    const peers = { ...missing };
    for (const runner of runners.slice(1)) {
      const ratio = pairedRatio(ours.rounds, runner.rounds);
      const { peer, variant } = runner.lane;
      if (peer === "ours") continue;
      if (!ratio) {
        peers[peer] ??= { reason: `no time within ${options.capMs / 1000} s` };
        continue;
      }
      const ms = median(done(runner));
      const before = peers[peer];
      if (before && "ms" in before && before.ms <= ms) continue;
      peers[peer] = {
        ms,
        fastestMs: runner.fastestMs,
        ratio,
        ...(variant !== undefined && { variant }),
        checkError: errors.get(runner) as number,
        memoryMb: runner.contender.peakMemoryMb(),
      };
    }
    return {
      name: workload.name,
      parameters: ours.prepared.parameters,
      flops: ours.prepared.flops,
      oursMemoryMb: ours.contender.peakMemoryMb(),
      oursMs: median(done(ours)),
      oursFastestMs: ours.fastestMs,
      peers,
      versions,
    };
  } finally {
    await Promise.all(runners.map(({ contender }) => contender.stop()));
    remove();
    process.off("exit", remove);
  }
}

/** TensorFlow.js's own backends run our code, and a compiler's operations are its own. */
const countsFlops = ({ peer }: Lane): boolean => peer === "ours" || peer === "torch-eager";

/** Plain JavaScript can take minutes for one step: it gets a limited time. */
const isLimited = ({ peer }: Lane): boolean => peer.startsWith("tfjs");

const label = ({ peer, variant }: Lane): string => (variant ? `${peer} (${variant})` : peer);

const done = ({ rounds }: Runner): number[] => rounds.filter((time) => time !== undefined);

/** One block of steps, if there is time left for it. */
async function takeTurn(
  runner: Runner,
  round: number,
  { blockMs, capMs }: Arguments,
): Promise<void> {
  const left = isLimited(runner.lane) ? capMs - runner.spentMs : patienceMs;
  if (left < runner.stepMs) return;
  const steps = Math.max(1, Math.min(500, Math.floor(Math.min(blockMs, left) / runner.stepMs)));
  await pause(pauseMs);
  const begin = performance.now();
  try {
    const times = await runner.contender.run(steps, left + 1000);
    runner.rounds[round] = runner.stepMs = median(times);
    runner.fastestMs = Math.min(runner.fastestMs, ...times);
    runner.spentMs += performance.now() - begin;
  } catch (error) {
    if (!isLimited(runner.lane)) throw error;
    runner.spentMs = Infinity;
  }
}

/** `sameWork`, with a message that says who. */
function checked({ name, flopTolerance }: Workload, ours: Runner, peer: Runner): number {
  try {
    return sameWork(ours.prepared, peer.prepared, flopTolerance);
  } catch (error) {
    throw new Failure(
      `${name}: ${label(peer.lane)} does not do the same work: ${(error as Error).message}`,
    );
  }
}
