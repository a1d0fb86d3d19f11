import {
  add,
  dispose,
  mul,
  sub,
  type Tensor,
  tensor1d,
  tidy,
  type Variable,
  variable,
} from "@gen/tensor";
import { warmedUpDecay } from "./ema-decay.ts";
import { Layout } from "./layout.ts";
import type { Schedule } from "./schedule.ts";

/**
 * A moving average of parameters, e ← e + (1 - decay)·(p - e), that starts as the parameters are, kept in the groups of
 * a layout: each large one by itself, all small ones together. Who samples from the average copies it into a clone of
 * the model.
 */
export class Ema {
  readonly layout: Layout;
  readonly #parameters: Record<string, Variable>;
  readonly #decay: Schedule;
  /** By group. */
  readonly #weights: Variable[];

  /**
   * @param parameters float32 variables by name; they stay their owner's
   * @param decay the decay at each step: `warmedUpDecay()` by default, or `powerFunctionDecay()`, or `constant(0.999)`
   */
  constructor(parameters: Record<string, Variable>, decay: Schedule = warmedUpDecay()) {
    this.layout = new Layout(parameters);
    this.#parameters = parameters;
    this.#decay = decay;
    this.#weights = tidy(() =>
      this.layout.flatten(parameters).map((group) => variable(group, false)),
    );
  }

  /** What a checkpoint holds, by the name of the group. */
  state(): Record<string, Variable> {
    return Object.fromEntries(
      this.layout.groups.map(({ name }, g) => [name, this.#weights[g] as Variable]),
    );
  }

  /**
   * What changes with the step, as `Optimizer.inputs`.
   *
   * @param step counts from 0
   * @returns [1]; the caller disposes of it
   */
  inputs(step: number): Tensor {
    return tensor1d([1 - this.#decay(step)]);
  }

  /** Takes in the parameters as they are now. Can be compiled. */
  update(inputs: Tensor): void {
    tidy(() => {
      const parameters = this.layout.flatten(this.#parameters);
      this.#weights.forEach((average, g) =>
        average.assign(add(average, mul(sub(parameters[g]!, average), inputs))),
      );
    });
  }

  /** The averaged weights by name, each in its shape; the caller disposes of them. */
  weights(): Record<string, Tensor> {
    return this.layout.unflatten(this.#weights);
  }

  /** Assigns the averaged weights to other variables of the same names and shapes: those of a clone. */
  copyTo(variables: Record<string, Variable>): void {
    tidy(() => {
      const weights = this.weights();
      for (const name of this.layout.names) {
        const target = variables[name];
        if (!target) throw new Error(`Ema.copyTo: expected a variable named ${name}, got none`);
        target.assign(weights[name]!);
      }
    });
  }

  dispose(): void {
    dispose(this.#weights);
  }
}
