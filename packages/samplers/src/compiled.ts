import {
  compile,
  type Compiled,
  concat,
  inShards,
  type Key,
  reshape,
  splitTensor,
  type Tensor,
  tensor2d,
  tile,
  transpose,
} from "@gen/tensor";
import type { Denoiser } from "./denoiser.ts";
import { type CheckedState, healthOf } from "./sample.ts";
import type { Sampler, SamplerState } from "./sampler.ts";
import { planSteps, type StepPlan } from "./step-plan.ts";
import { evaluatorOn, type StepInputs, type TensorEvaluator } from "./tensor-evaluator.ts";
import type { TensorSampler } from "./tensor-sampler.ts";

/** A sampler whose steps are graphs. */
export interface CompiledSampler extends TensorSampler {
  /** How many graphs were made. */
  readonly graphs: number;
  /** Frees what was compiled; a later step compiles anew. */
  dispose(): void;
}

export interface CompiledSamplerOptions {
  /**
   * How many steps are one graph. The states between them are not seen, and the first call compiles longer: a hundred
   * evaluations of a small model are a graph of a few thousand operations. Default 1.
   */
  readonly stepsAtOnce?: number;
  /**
   * Into how many equal parts a batch is split, to be computed at the same time, each on a share of the processor's
   * cores (`inShards` of `@gen/tensor`): for a small model much faster than to share each of its operations. Every
   * tensor of the condition must then have an example to a row, and no example an influence on another one. Default 1.
   */
  readonly shards?: number;
}

/**
 * The same sampler with each of its steps, the model in it, as one compiled graph: no JavaScript per operation. Times,
 * coefficients and noise are inputs, so that a run compiles once for every kind of step it has, the first, the middle
 * ones and the last, say, and later runs compile nothing. It pays where a model is small. Give the plans of several
 * samplers of one kind and each element of the batch is moved by its own: `perElement`.
 *
 * The denoiser must compute with tensors only, as inside `compile`, whose `fixedWeights` the variables that it reads
 * are: a step after some were given other numbers compiles anew. On an eager backend the steps are what they were.
 *
 * @returns the sampler; the caller disposes of it
 */
export function compiled(
  sampler: Sampler | PerElementSampler,
  { stepsAtOnce = 1, shards = 1 }: CompiledSamplerOptions = {},
): CompiledSampler {
  if (!Number.isInteger(stepsAtOnce) || stepsAtOnce < 1) {
    throw new Error(`compiled: stepsAtOnce must be a positive integer, got ${stepsAtOnce}`);
  }
  type Graph = Compiled<
    [string, Tensor, Tensor[], Tensor | undefined, Key[], unknown],
    { made: Tensor[]; health: Tensor }
  >;
  const plans = samplersOf(sampler);
  const graphs = new Map<Denoiser, Graph>();
  const planned = new Map<Denoiser, Map<string, BatchPlan>>();
  let current: { state: SamplerState<Tensor>; plan: BatchPlan } | undefined;

  const graphOf = (denoiser: Denoiser): Graph => {
    const known = graphs.get(denoiser);
    if (known) return known;
    const graph: Graph = compile(
      (_structure, x, history, numbers, keys, condition) => {
        const { state, plan } = current as NonNullable<typeof current>;
        // One row of numbers for each element, or for all.
        const rows = numbers && plan.width > 1 ? transpose(numbers) : undefined;
        const parts = inShards(shards, { x, history, condition, rows }, (part) => {
          const before = { ...state, x: part.x, ...(state.history && { history: part.history }) };
          const own = part.rows ? transpose(part.rows) : numbers;
          const size = part.x.shape[0] ?? 1;
          const inputs = own ? fromColumns(own, keys, size) : fromNumbers(plan.numbers, keys, size);
          const evaluator = evaluatorOn(denoiser, part.condition as never, inputs);
          const after = stepped(plan.first, before, evaluator, plan.count);
          // What the step hands through is not copied.
          const given = new Set([part.x, ...part.history]);
          const all = new Set([after.x, ...(after.history ?? [])]);
          return { x: after.x, made: [...all].filter((t) => !given.has(t)) };
        });
        const joined = (pieces: Tensor[]): Tensor =>
          pieces.length === 1 ? (pieces[0] as Tensor) : concat(pieces);
        return {
          made: parts[0]!.made.map((_, i) => joined(parts.map(({ made }) => made[i] as Tensor))),
          health: healthOf(joined(parts.map((part) => part.x))),
        };
      },
      { name: `a step of ${sampler.name}`, fixedWeights: true },
    );
    graphs.set(denoiser, graph);
    return graph;
  };

  const planOf = (state: SamplerState<Tensor>, { denoiser }: TensorEvaluator): BatchPlan => {
    const left = sampler.times.length - 1 - state.index;
    const count = sampler.judge ? 1 : Math.min(stepsAtOnce, left);
    // A step-size control makes new numbers at every step, a key new keys at every run.
    if (state.control || state.key || sampler.judge)
      return planBatch(plans, state, denoiser, count);
    const known = planned.get(denoiser) ?? new Map<string, BatchPlan>();
    planned.set(denoiser, known);
    const place = `${state.index} ${state.history?.length ?? 0}`;
    const plan = known.get(place) ?? planBatch(plans, state, denoiser, count);
    known.set(place, plan);
    return plan;
  };

  const { name, order, times, judge } = sampler;
  return {
    name,
    order,
    times,
    ...(judge && { judge: judge.bind(sampler) }),
    get graphs() {
      return [...graphs.values()].reduce((sum, { stats }) => sum + stats.compilations, 0);
    },
    step(state, evaluator): CheckedState {
      const plan = planOf(state, evaluator);
      const { denoiser, condition } = evaluator;
      const history = [...(state.history ?? [])];
      current = { state, plan };
      // Of a graph that is the whole run, nothing but x and the keys ever changes: its numbers are constants.
      const whole = plan.width === 1 && !sampler.judge && plan.count === sampler.times.length - 1;
      const { made, health } = graphOf(denoiser)(
        plan.structure,
        state.x,
        history,
        whole ? undefined : columns(plan),
        [...plan.keys],
        condition,
      );
      return { ...result(plan, [state.x, ...history], made), health };
    },
    dispose() {
      for (const graph of graphs.values()) graph.dispose();
      graphs.clear();
      planned.clear();
    },
  };
}

/** A sampler that moves each element of a batch by a plan of its own. */
export interface PerElementSampler extends TensorSampler {
  readonly samplers: readonly Sampler[];
}

/**
 * A sampler for batches whose elements start at different noise levels: element i is moved by the i-th plan. All take
 * the same number of steps, at times of their own; the model is asked once for all of them, with the time of each.
 * `compiled` makes graphs of it, too.
 *
 * @param samplers one per element, of one kind, with equal numbers of steps
 * @throws if there are none, or they differ in kind or steps; while running, if the batch has another size or their
 *   steps differ in what they compute
 */
export function perElement(samplers: readonly Sampler[]): PerElementSampler {
  const [first] = samplers;
  if (!first) throw new Error("perElement: give a sampler for each element of the batch, got none");
  samplers.forEach(({ name, times }, i) => {
    if (name !== first.name || times.length !== first.times.length) {
      throw new Error(
        `perElement: all samplers must be of one kind with equal numbers of steps, got ${first.name} with ` +
          `${first.times.length - 1} and, for element ${i}, ${name} with ${times.length - 1}`,
      );
    }
  });
  if (first.judge) throw new Error(`perElement: ${first.name} chooses its steps for a whole batch`);
  const highest = samplers.reduce((top, s) =>
    (s.times[0] as number) > (top.times[0] as number) ? s : top,
  );
  return Object.freeze({
    name: first.name,
    order: first.order,
    times: highest.times,
    samplers: Object.freeze([...samplers]),
    step(
      state: SamplerState<Tensor>,
      { denoiser, condition }: TensorEvaluator,
    ): SamplerState<Tensor> {
      const plan = planBatch(samplers, state, denoiser);
      const inputs = fromColumns(columns(plan), plan.keys, state.x.shape[0] ?? 1);
      return plan.first.step(state, evaluatorOn(denoiser, condition, inputs));
    },
  });
}

function samplersOf(sampler: Sampler | PerElementSampler): readonly Sampler[] {
  return "samplers" in sampler ? sampler.samplers : [sampler];
}

/** One step of a batch: the numbers of each element's plan beside one another, or of the one plan of all. */
interface BatchPlan extends StepPlan {
  readonly first: Sampler;
  readonly width: number;
  /** How many steps it is. */
  readonly count: number;
}

function planBatch(
  samplers: readonly Sampler[],
  state: SamplerState<Tensor>,
  denoiser: Denoiser,
  count = 1,
): BatchPlan {
  const width = samplers.length;
  const batch = state.x.shape[0] ?? 1;
  if (width > 1 && width !== batch) {
    throw new Error(`perElement: there are ${width} samplers for a batch of ${batch}`);
  }
  const steps = samplers.map((sampler) => planSteps(sampler, state, denoiser, count));
  const first = steps[0] as StepPlan;
  const other = steps.findIndex(({ structure }) => structure !== first.structure);
  if (other >= 0) {
    throw new Error(
      `perElement: step ${state.index} of element ${other} computes something else than that of element 0; ` +
        "let all of them end alike, at t = 0 or above it",
    );
  }
  const numbers = first.numbers.flatMap((_, k) => steps.map((step) => step.numbers[k] as number));
  return { ...first, numbers, width, count, first: samplers[0] as Sampler };
}

function stepped(
  sampler: Sampler,
  state: SamplerState<Tensor>,
  evaluator: TensorEvaluator,
  count: number,
): SamplerState<Tensor> {
  return count === 0
    ? state
    : stepped(sampler, sampler.step(state, evaluator), evaluator, count - 1);
}

/** The numbers of a plan, [how many, 1 or batch]. */
function columns({ numbers, width }: BatchPlan): Tensor {
  return tensor2d(Float32Array.from(numbers), [numbers.length / width, width]);
}

function fromColumns(numbers: Tensor, keys: readonly Key[], batch: number): StepInputs {
  const [count, width] = numbers.shape as [number, number];
  const rows = splitTensor(numbers, count); // each [1, width]
  let [nextRow, nextKey] = [0, 0];
  const row = (): Tensor => rows[nextRow++] as Tensor;
  return {
    coefficient(_value, rank) {
      const value = row();
      // [1, 1] broadcasts as it is: a shape less to make, and there are some hundred of them in a graph.
      return width === 1 && rank > 1
        ? value
        : reshape(value, [width, ...Array<number>(rank - 1).fill(1)]);
    },
    times() {
      const value = row();
      return reshape(width === batch ? value : tile(value, [batch, 1]), [batch]);
    },
    key: () => keys[nextKey++] as Key,
  };
}

/** The numbers of a plan as constants. */
function fromNumbers(numbers: readonly number[], keys: readonly Key[], batch: number): StepInputs {
  let [nextNumber, nextKey] = [0, 0];
  const constant = (): Tensor => tensor2d([numbers[nextNumber++] as number], [1, 1]);
  return {
    coefficient: (_value, rank) => reshape(constant(), Array<number>(Math.max(rank, 1)).fill(1)),
    times: () => reshape(tile(constant(), [batch, 1]), [batch]),
    key: () => keys[nextKey++] as Key,
  };
}

/** The state after a step, from what it was given and what it made. */
function result(
  plan: BatchPlan,
  given: readonly Tensor[],
  made: readonly Tensor[],
): SamplerState<Tensor> {
  const tensors = new Map<number, Tensor>(given.map((tensor, id) => [id, tensor]));
  const { x, history = [], ...rest } = plan.after;
  let next = 0;
  for (const { id } of [x, ...history]) {
    if (!tensors.has(id)) tensors.set(id, made[next++] as Tensor);
  }
  const tensorOf = ({ id }: { id: number }): Tensor => tensors.get(id) as Tensor;
  return {
    ...rest,
    x: tensorOf(x),
    ...(history.length > 0 && { history: history.map(tensorOf) }),
  };
}
