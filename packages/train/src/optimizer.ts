import {
  add,
  dispose,
  keep,
  mul,
  splitTensor,
  type Tensor,
  tensor,
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
 * Moves parameters by a gradient transformation, in the groups of a layout: each large one by itself, all small ones
 * together, and so the moments that the transformation keeps. The parameters stay their owner's; `dispose` frees what
 * the optimizer made.
 */
export class Optimizer {
  /** The groups of the trained parameters. */
  readonly layout: Layout;
  readonly #parameters: Record<string, Variable>;
  readonly #rule: Rule;
  /** What the rule keeps, by name, then by group. */
  readonly #state: Record<string, Variable[]> = {};
  readonly #constants: Tensor[][];
  readonly #count: number;
  readonly #sum: Variable[] | undefined;

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
    for (const name of this.#rule.state) this.#state[free(name, this.#state)] = this.#zeros();
    this.#constants = this.#rule.constants.map((groups) =>
      groups.map((numbers, g) =>
        keep(tensor(numbers, numbers.length === 1 ? [1] : [...this.layout.groups[g]!.shape])),
      ),
    );
    this.#count = accumulate;
    this.#sum = accumulate > 1 ? this.#zeros() : undefined;
  }

  /**
   * What the transformation keeps, by its name and that of the group, "mean.small": what a checkpoint holds beside the
   * parameters.
   */
  state(): Record<string, Variable> {
    return Object.fromEntries(
      Object.entries(this.#state).flatMap(([name, groups]) =>
        groups.map((group, g) => [`${name}.${this.layout.groups[g]!.name}`, group]),
      ),
    );
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
    tidy(() => {
      const groups = this.layout.flatten(gradients);
      sum.forEach((group, g) => group.assign(add(group, groups[g]!)));
    });
  }

  /**
   * One step: assigns the parameters and the state. Can be compiled.
   *
   * @param gradients by name, of every trained parameter
   * @param inputs of this step, from `inputs(step)`
   */
  apply(gradients: Record<string, Tensor>, inputs: Tensor): void {
    tidy(() => {
      const sum = this.#sum;
      const here = this.layout.flatten(gradients);
      const gradient = sum
        ? here.map((group, g) => mul(add(group, sum[g]!), 1 / this.#count))
        : here;
      sum?.forEach((group) => group.assign(zeros(group.shape)));
      const parameters = this.layout.flatten(this.#parameters);
      const state = Object.values(this.#state);
      const next = this.#rule.update(gradient, {
        parameters,
        state,
        constants: this.#constants,
        numbers: splitTensor(inputs, inputs.size),
      });
      state.forEach((groups, i) => groups.forEach((group, g) => group.assign(next.state[i]![g]!)));
      const moved = this.layout.unflatten(
        parameters.map((group, g) => add(group, next.updates[g]!)),
      );
      for (const name of this.layout.names) this.#parameters[name]!.assign(moved[name]!);
    });
  }

  /** Frees the state; the parameters stay. */
  dispose(): void {
    dispose([Object.values(this.#state), this.#constants, this.#sum ?? []].flat(2));
  }

  /** Zeros for each group. */
  #zeros(): Variable[] {
    return tidy(() => this.layout.groups.map(({ shape }) => variable(zeros([...shape]))));
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
