import type { Tensor } from "@gen/tensor";
import type { Layout } from "./layout.ts";

/**
 * A gradient transformation: one link of an optimizer, in the manner of Optax. It turns the gradient of all parameters,
 * one flat vector [P], into another vector [P], and the last link's result is added to the parameters. Links are joined
 * by `chain`; given the layout of the parameters, a transformation becomes a rule.
 */
export type Transform = (layout: Layout) => Rule;

/** A gradient transformation of parameters of known names and shapes. */
export interface Rule {
  /** Names of the vectors [P] that it keeps from step to step, all zero at first. */
  readonly state: readonly string[];
  /** Vectors [P] that never change. */
  readonly constants: readonly Float32Array[];
  /** The numbers that change with the step, made on the host in float64; steps count from 0. Always equally many. */
  numbers(step: number): readonly number[];
  /**
   * One step. Built of tensor operations only, so that it can be compiled; it runs inside a `tidy`.
   *
   * @param updates [P], the gradient as the links before left it
   * @returns the new updates [P], and the new `state` in the same order
   */
  update(updates: Tensor, given: Given): { updates: Tensor; state: readonly Tensor[] };
}

/** What a rule has at hand in a step; the arrays are in the order in which the rule declared them. */
export interface Given {
  /** [P], before the step. */
  readonly parameters: Tensor;
  /** Each [P]. */
  readonly state: readonly Tensor[];
  /** Each [P]. */
  readonly constants: readonly Tensor[];
  /** Each [1]. */
  readonly numbers: readonly Tensor[];
}
