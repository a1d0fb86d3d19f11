import { availableParallelism, cpus, totalmem } from "node:os";
import { type PeerName, peerNames } from "./arguments.ts";
import type { Comparison, PeerResult } from "./compare.ts";
import { geometricMean } from "./statistics.ts";

type ByPeer<T> = Partial<Record<PeerName, T>>;

/** What `--json` writes. Ratios are our time divided by the peer's: below 1 we are faster. */
export interface Report {
  machine: Record<string, string | number>;
  workloads: {
    name: string;
    parameters: number;
    /** Billions of multiplications and additions in a step's products and convolutions; left out where nobody counted. */
    gigaflops?: number;
    oursMs: number;
    peersMs: ByPeer<number>;
    ratios: ByPeer<number>;
    /** The most memory of each process, in megabytes. */
    memoryMb: ByPeer<number | undefined> & { ours: number | undefined };
    /** The fastest step of each, for a machine that others use too. */
    fastestMs: ByPeer<number> & { ours: number };
    /** Lowest and highest ratio of all rounds. */
    spread: ByPeer<[number, number]>;
    /** Of a peer that can work in several ways, the one that counted. */
    variants: ByPeer<string>;
    /** The largest relative difference of a peer's results from ours. */
    checkErrors: ByPeer<number>;
    /** Why a peer has no time. */
    missing: ByPeer<string>;
  }[];
  /** Of the ratios, over the workloads that the peer has done. */
  geomean: ByPeer<number>;
}

export function reportOf(comparisons: readonly Comparison[], machine: Report["machine"]): Report {
  const workloads = comparisons.map((comparison) => {
    const { name, parameters, flops, oursMs, oursFastestMs, oursMemoryMb, peers } = comparison;
    const pick = <T>(get: (result: PeerResult) => T | undefined): ByPeer<T> => {
      const found = Object.entries(peers).map(([peer, result]) => [peer, get(result)] as const);
      return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as ByPeer<T>;
    };
    const timed = <T>(get: (result: Extract<PeerResult, { ms: number }>) => T): ByPeer<T> =>
      pick((result) => ("ms" in result ? get(result) : undefined));
    return {
      name,
      parameters,
      ...(flops !== undefined && { gigaflops: flops / 1e9 }),
      oursMs,
      peersMs: timed(({ ms }) => ms),
      ratios: timed(({ ratio }) => ratio.median),
      memoryMb: { ours: oursMemoryMb, ...timed(({ memoryMb }) => memoryMb) },
      fastestMs: { ours: oursFastestMs, ...timed(({ fastestMs }) => fastestMs) },
      spread: timed(({ ratio }): [number, number] => [ratio.lowest, ratio.highest]),
      variants: pick((result) => ("ms" in result ? result.variant : undefined)),
      checkErrors: timed((result) => result.checkError),
      missing: pick((result) => ("reason" in result ? result.reason : undefined)),
    };
  });
  const geomean: ByPeer<number> = {};
  for (const peer of peerNames) {
    const ratios = workloads.flatMap(({ ratios: { [peer]: ratio } }) => ratio ?? []);
    if (ratios.length > 0) geomean[peer] = geometricMean(ratios);
  }
  return { machine, workloads, geomean };
}

/**
 * The machine, and the versions of all that ran on it.
 *
 * @param load the average number of processes that wanted a core in the minute before: 0 on a quiet machine
 */
export function machineOf(
  threads: number,
  load: number,
  versions: Record<string, string>,
): Report["machine"] {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    threads,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: Math.round(load * 100) / 100,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    ...versions,
  };
}
