import type { Prepared } from "./protocol.ts";

/** The largest relative difference between two contenders' results that passes as the same work. */
const tolerance = 1e-3;

/**
 * Makes sure that two contenders do the same work: equally many parameters and operations, and, from the same weights
 * and inputs, the same results of the first steps.
 *
 * @param peer may have done fewer steps of the check, and not counted operations
 * @param flopTolerance by how much the operations may differ in number, relative
 * @returns how far the peer's results are from ours, relative, at worst
 * @throws if it is not the same
 */
export function sameWork(ours: Prepared, peer: Prepared, flopTolerance = 0): number {
  if (ours.parameters !== peer.parameters) {
    throw new Error(`ours has ${ours.parameters} parameters, it has ${peer.parameters}`);
  }
  const { flops = 0 } = ours;
  if (peer.flops !== undefined && !(Math.abs(flops - peer.flops) <= flopTolerance * flops)) {
    throw new Error(`ours takes ${flops} operations a step, it takes ${peer.flops}`);
  }
  const errors = peer.checks.map((value, i) => Math.abs(((ours.checks[i] ?? NaN) - value) / value));
  const worst = Math.max(...errors);
  if (errors.length === 0 || !(worst <= tolerance)) {
    throw new Error(
      `from the same weights and inputs ours computed ${ours.checks.join(", ")}, it computed ${peer.checks.join(", ")}`,
    );
  }
  return worst;
}
