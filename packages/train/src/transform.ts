import type { Tensor } from "@gen/tensor";
import type { Layout } from "./layout.ts";

/**
 * A gradient transformation: one link of an optimizer, in the manner of Optax. It turns the gradients of all parameters,
 * a tensor for each group of the layout, into tensors of the same shapes, and the last link's results are added to the
 * parameters. Links are joined by `chain`; given the layout of the parameters, a transformation becomes a rule.
 */
export type Transform = (layout: Layout) => Rule;

/** A tensor for each group of the layout, in its shape. */
export type Grouped = readonly Tensor[];

/** A gradient transformation of parameters of known names and shapes. */
export interface Rule {
  /** Names of what it keeps from step to step, each shaped as the parameters, all zero at first. */
  readonly state: readonly string[];
  /** What never changes: each an array for every group, of as many numbers as the group has, or of one. */
  readonly constants: readonly (readonly Float32Array[])[];
  /** The numbers that change with the step, made on the host in float64; steps count from 0. Always equally many. */
  numbers(step: number): readonly number[];
  /**
   * One step. Built of tensor operations only, so that it can be compiled; it runs inside a `tidy`. Of one that treats
   * each group alone, `groupwise` makes it.
   *
   * @param updates the gradients as the links before left them
   * @returns the new updates, and the new `state` in the same order
   */
  update(updates: Grouped, given: Given): { updates: Grouped; state: readonly Grouped[] };
}

/** What a rule has at hand in a step; the arrays are in the order in which the rule declared them. */
export interface Given {
  /** Before the step. */
  readonly parameters: Grouped;
  readonly state: readonly Grouped[];
  readonly constants: readonly Grouped[];
  /** Each [1]. */
  readonly numbers: readonly Tensor[];
}

/** What is at hand for one group. */
export interface GivenOfGroup {
  readonly parameters: Tensor;
  readonly state: readonly Tensor[];
  readonly constants: readonly Tensor[];
  /** Each [1]. */
  readonly numbers: readonly Tensor[];
}

/** A rule's step from that of one group. */
export function groupwise(
  update: (updates: Tensor, given: GivenOfGroup) => { updates: Tensor; state: readonly Tensor[] },
): Rule["update"] {
  return (updates, { parameters, state, constants, numbers }) => {
    const made = updates.map((group, g) =>
      update(group, {
        parameters: parameters[g]!,
        state: state.map((tensors) => tensors[g]!),
        constants: constants.map((tensors) => tensors[g]!),
        numbers,
      }),
    );
    return {
      updates: made.map((group) => group.updates),
      state: state.map((_, i) => made.map((group) => group.state[i]!)),
    };
  };
}
