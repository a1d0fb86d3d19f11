import {
  addN,
  compile,
  dispose,
  foldIn,
  inShards,
  type Key,
  mul,
  slice,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import { differentiate, type Losses } from "./differentiate.ts";
import type { Ema } from "./ema.ts";
import { Optimizer } from "./optimizer.ts";
import { prefixed } from "./prefixed.ts";
import type { Batch, Trainee } from "./trainee.ts";
import type { Transform } from "./transform.ts";

export interface TrainStepOptions {
  /** The model's variables by name; those that are not `trainable` are kept in checkpoints and left alone. */
  parameters: Record<string, Variable>;
  /** The loss of a batch, a mean over its examples, and what else is worth knowing: scalars. Must be compilable. */
  loss: (batch: Batch, key: Key) => Losses;
  optimizer: Transform;
  /** A moving average of parameters, updated after each step. It stays its owner's. */
  ema?: Ema | undefined;
  /** Into how many equal parts a batch is split, to compute their gradients one after the other in less memory; 1. */
  accumulate?: number | undefined;
  /**
   * Into how many equal parts a batch is split, to compute their gradients at the same time (`inShards` of
   * `@gen/tensor`), each on a share of the processor's cores: faster than every operation on all of them. More shards
   * than cores go round, with fewer activations at a time. It changes results by rounding alone, if no example has an
   * influence on another one's loss, as it has in batch normalisation. Default 1.
   */
  shards?: number | undefined;
}

/** A trainee made by `trainStep`. */
export interface LossTrainee extends Trainee {
  /** Frees the optimizer and the compiled functions; the parameters and the average stay. */
  dispose(): void;
}

/**
 * A trainee that minimises one loss. Its step is compiled as one function: loss, gradients, optimizer, average. With
 * `accumulate`, the parts of a batch but the last go through another one.
 */
export function trainStep({
  parameters,
  loss,
  optimizer: transform,
  ema,
  accumulate = 1,
  shards = 1,
}: TrainStepOptions): LossTrainee {
  const optimizer = new Optimizer(parameters, transform, { accumulate });
  const gradientsOf = (batch: Batch, key: Key): ReturnType<typeof differentiate> => {
    if (shards === 1) return differentiate(parameters, () => loss(batch, key));
    // Each shard's loss is its share of the mean: scalars are scaled, and not all the gradients.
    const share = (shard: Batch): ReturnType<typeof differentiate> =>
      differentiate(parameters, () => mapValues(loss(shard, key), (each) => mul(each, 1 / shards)));
    return together(inShards(shards, batch, share));
  };

  const gather = compile(
    (batch: Batch, key: Key) =>
      tidy(() => {
        const { gradients, metrics } = gradientsOf(batch, key);
        optimizer.accumulate(gradients);
        return metrics;
      }),
    { name: "trainStep" },
  );
  const update = compile(
    (batch: Batch, key: Key, inputs: Record<string, Tensor>) =>
      tidy(() => {
        const { gradients, metrics } = gradientsOf(batch, key);
        optimizer.apply(gradients, inputs.optimizer!);
        ema?.update(inputs.ema!);
        return metrics;
      }),
    { name: "trainStep" },
  );

  return {
    state: () => ({
      ...prefixed("model.", parameters),
      ...prefixed("optimizer.", optimizer.state()),
      ...(ema && prefixed("ema.", ema.state())),
    }),
    step(batch, key, step) {
      const inputs: Record<string, Tensor> = { optimizer: optimizer.inputs(step) };
      if (ema) inputs.ema = ema.inputs(step);
      const measured: Record<string, Tensor>[] = [];
      try {
        if (accumulate === 1) return update(batch, key, inputs);
        for (let i = 0; i < accumulate; i++) {
          const part = partOf(batch, i, accumulate);
          const partKey = foldIn(key, i);
          const last = i === accumulate - 1;
          measured.push(last ? update(part, partKey, inputs) : gather(part, partKey));
          dispose(part);
        }
        return tidy(() => mapValues(sumOf(measured), (sum) => mul(sum, 1 / accumulate)));
      } finally {
        dispose([inputs, measured]);
      }
    },
    dispose() {
      gather.dispose();
      update.dispose();
      optimizer.dispose();
    },
  };
}

/** Part `index` of a batch in `count` equal parts along the first dimension. */
function partOf(batch: Batch, index: number, count: number): Batch {
  return Object.fromEntries(
    Object.entries(batch).map(([name, tensor]) => {
      const size = (tensor.shape[0] ?? 0) / count;
      if (!Number.isInteger(size) || size === 0) {
        throw new Error(
          `trainStep: the first dimension of ${name} must be a multiple of accumulate = ${count}, got shape [${tensor.shape}]`,
        );
      }
      const rest = tensor.shape.slice(1);
      return [name, slice(tensor, [index * size, ...rest.map(() => 0)], [size, ...rest])];
    }),
  );
}

/** The gradients and metrics of several parts, summed. */
function together(parts: ReturnType<typeof differentiate>[]): ReturnType<typeof differentiate> {
  return {
    gradients: sumOf(parts.map(({ gradients }) => gradients)),
    metrics: sumOf(parts.map(({ metrics }) => metrics)),
  };
}

/** The sum of each tensor over several records of the same names. */
function sumOf(records: Record<string, Tensor>[]): Record<string, Tensor> {
  return mapValues(records[0]!, (_, name) => addN(records.map((record) => record[name]!)));
}

function mapValues<T extends Record<string, Tensor>>(
  record: T,
  fn: (tensor: Tensor, name: string) => Tensor,
): T {
  return Object.fromEntries(
    Object.entries(record).map(([name, tensor]) => [name, fn(tensor, name)]),
  ) as T;
}
