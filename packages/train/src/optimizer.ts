import {
  add,
  keep,
  mul,
  splitTensor,
  type Tensor,
  tensor1d,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@gen/tensor";
import { Layout } from "./layout.ts";
import type { Rule, Transform } from "./transform.ts";

export interface OptimizerOptions {
  /** How many gradients make one step: all but the last go to `accumulate`; 1. */
  accumulate?: number | undefined;
}

/**
 * Moves parameters by a gradient transformation. All of them together are one flat vector [P], and so is each moment
 * that the transformation keeps. The parameters stay their owner's; `dispose` frees what the optimizer made.
 */
export class Optimizer {
  /** Where each trained parameter lies in the vector [P]. */
  readonly layout: Layout;
  readonly #parameters: Record<string, Variable>;
  readonly #rule: Rule;
  readonly #state: Record<string, Variable> = {};
  readonly #constants: Tensor[];
  readonly #count: number;
  readonly #sum: Variable | undefined;

  /**
   * @param parameters by name; those that are not `trainable` are left alone
   * @param transform what turns gradients into steps: `adamw({ … })`, `chain(clipByGlobalNorm(1), sgd({ … }))`, …
   */
  constructor(
    parameters: Record<string, Variable>,
    transform: Transform,
    { accumulate = 1 }: OptimizerOptions = {},
  ) {
    if (!Number.isInteger(accumulate) || accumulate < 1) {
      throw new Error(`Optimizer: accumulate must be a positive integer, got ${accumulate}`);
    }
    this.#parameters = trainable(parameters);
    this.layout = new Layout(this.#parameters);
    this.#rule = transform(this.layout);
    for (const name of this.#rule.state) this.#state[free(name, this.#state)] = this.#vector();
    this.#constants = this.#rule.constants.map((numbers) => keep(tensor1d(numbers)));
    this.#count = accumulate;
    this.#sum = accumulate > 1 ? this.#vector() : undefined;
  }

  /** The vectors [P] that the transformation keeps, by name: what a checkpoint holds beside the parameters. */
  state(): Record<string, Variable> {
    return this.#state;
  }

  /**
   * All that changes with the step beside the gradients (learning rate, bias corrections), made on the host. A compiled
   * function takes it as an argument, so that it need not be compiled anew at each step.
   *
   * @param step counts from 0
   * @returns [k]; the caller disposes of it
   */
  inputs(step: number): Tensor {
    const numbers = this.#rule.numbers(step);
    return tensor1d(numbers.length > 0 ? [...numbers] : [0]);
  }

  /** Adds gradients to those of the next `apply`, which takes the mean of them all. Can be compiled. */
  accumulate(gradients: Record<string, Tensor>): void {
    const sum = this.#sum;
    if (!sum) {
      throw new Error(
        "Optimizer.accumulate: made for 1 gradient a step; give the constructor { accumulate }",
      );
    }
    tidy(() => sum.assign(add(sum, this.layout.flatten(gradients))));
  }

  /**
   * One step: assigns the parameters and the state. Can be compiled.
   *
   * @param gradients by name, of every trained parameter
   * @param inputs of this step, from `inputs(step)`
   */
  apply(gradients: Record<string, Tensor>, inputs: Tensor): void {
    tidy(() => {
      let gradient = this.layout.flatten(gradients);
      if (this.#sum) {
        gradient = mul(add(gradient, this.#sum), 1 / this.#count);
        this.#sum.assign(zeros([this.layout.size]));
      }
      const parameters = this.layout.flatten(this.#parameters);
      const state = Object.values(this.#state);
      const next = this.#rule.update(gradient, {
        parameters,
        state,
        constants: this.#constants,
        numbers: splitTensor(inputs, inputs.size),
      });
      state.forEach((vector, i) => vector.assign(next.state[i]!));
      const moved = this.layout.unflatten(add(parameters, next.updates));
      for (const name of this.layout.names) this.#parameters[name]!.assign(moved[name]!);
    });
  }

  /** Frees the state; the parameters stay. */
  dispose(): void {
    for (const tensor of [...Object.values(this.#state), ...this.#constants]) tensor.dispose();
    this.#sum?.dispose();
  }

  #vector(): Variable {
    return tidy(() => variable(zeros([this.layout.size])));
  }
}

/** Those of the variables that are trained. */
export function trainable(variables: Record<string, Variable>): Record<string, Variable> {
  return Object.fromEntries(Object.entries(variables).filter(([, { trainable }]) => trainable));
}

/** `name`, or the first of `name2`, `name3`, … that is not taken. */
function free(name: string, taken: Record<string, unknown>): string {
  let candidate = name;
  for (let n = 2; Object.hasOwn(taken, candidate); n++) candidate = `${name}${n}`;
  return candidate;
}
