import {
  add,
  bits,
  foldIn,
  key,
  matMul,
  mean,
  memory,
  mul,
  normal,
  scalar,
  square,
  sub,
  tensor,
  tidy,
  type Tensor,
  useBackend,
  type Variable,
  variable,
} from "@gen/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import {
  adamw,
  type Batch,
  chain,
  checkpointName,
  clipByGlobalNorm,
  cosine,
  decodeCheckpoint,
  Ema,
  type LossTrainee,
  MemoryStore,
  NonFiniteError,
  type Store,
  train,
  type TrainOptions,
  trainStep,
  type Trainee,
} from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const STEPS = 40;

/** A linear model of noisy data: batch, noise, optimizer and average all take part. */
function makeTrainee(
  seed: number,
  width = 3,
): LossTrainee & { variables: Record<string, Variable> } {
  const variables = tidy(() => ({
    weight: variable(normal(key(seed), [width, 2])),
    bias: variable(normal(key(seed + 100), [2])),
  }));
  const { weight, bias } = variables;
  const trainee = trainStep({
    parameters: variables,
    loss: (batch, key) => {
      const noise = mul(normal(key, [4, 2]), 0.1);
      const error = sub(add(matMul(batch.x!, weight), bias), add(batch.y!, noise));
      return { loss: mean(square(error)), bias: mean(bias) };
    },
    optimizer: chain(
      clipByGlobalNorm(1),
      adamw({ learningRate: cosine({ from: 0.1, steps: STEPS }) }),
    ),
    ema: new Ema(variables),
  });
  return { ...trainee, variables };
}

const data = (step: number): Batch =>
  tidy(() => {
    const x = normal(foldIn(key(5), step), [4, 3]);
    return {
      x,
      y: matMul(
        x,
        tensor([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      ),
    };
  });

const common = {
  data,
  key: key(9),
  steps: STEPS,
  saveEvery: 7,
  logEvery: 5,
} satisfies TrainOptions;

const numbers = (trainee: Trainee): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(trainee.state()).map(([name, value]) => [name, [...value.dataSync()]]),
  );

async function undisturbed(): Promise<Record<string, number[]>> {
  const trainee = makeTrainee(1);
  expect(await train(trainee, common)).toEqual({ status: "finished", step: STEPS });
  return numbers(trainee);
}

/** The moments to disturb: the same at each run, from a key. */
const moments = (count: number, below: number): number[] =>
  [...bits(key(3), count)].map((word) => word % below);

describe("a resumed run ends with the same state, bit for bit,", () => {
  test("when it is killed ten times and only the store survives", async () => {
    const store = new MemoryStore();
    const resumes: number[] = [];
    for (const moment of moments(10, 9)) {
      // A new process: other weights, nothing but the store survives.
      const trainee = makeTrainee(1 + resumes.length);
      let done = 0;
      const killed = train(trainee, {
        ...common,
        store,
        onResume: ({ step }) => resumes.push(step),
        data: (step) => {
          if (done++ > moment) throw new Error("killed");
          return data(step);
        },
      });
      await killed.catch((error: Error) => expect(error.message).toBe("killed"));
    }
    expect(resumes.length).toBeGreaterThan(3);
    const last = makeTrainee(1);
    expect(await train(last, { ...common, store })).toEqual({ status: "finished", step: STEPS });
    expect(numbers(last)).toEqual(await undisturbed());
  });

  test("when it is aborted after ten random steps", async () => {
    const expected = await undisturbed();
    for (const moment of moments(10, STEPS - 1)) {
      const store = new MemoryStore();
      const controller = new AbortController();
      const first = await train(makeTrainee(1), {
        ...common,
        store,
        signal: controller.signal,
        onStep: ({ step }) => step === moment + 1 && controller.abort(),
      });
      expect(first).toEqual({ status: "aborted", step: moment + 1 });
      const second = makeTrainee(2);
      const resumed: number[] = [];
      await train(second, { ...common, store, onResume: ({ step }) => resumed.push(step) });
      expect(resumed).toEqual([moment + 1]);
      expect(numbers(second)).toEqual(expected);
    }
  });

  test("when it dies between any two changes of the store", async () => {
    const expected = await undisturbed();
    // Six checkpoints are written, four removed.
    const changes = Array.from({ length: 10 }, (_, i) => i);
    for (const fatal of changes) {
      for (const before of [true, false]) {
        const memory = new MemoryStore();
        let change = 0;
        const dying = async (act: () => Promise<void>): Promise<void> => {
          if (before && change++ === fatal) throw new Error("died");
          await act();
          if (!before && change++ === fatal) throw new Error("died");
        };
        const store: Store = {
          list: () => memory.list(),
          read: (name) => memory.read(name),
          write: (name, bytes) => dying(() => memory.write(name, bytes)),
          remove: (name) => dying(() => memory.remove(name)),
        };
        await expect(train(makeTrainee(1), { ...common, store })).rejects.toThrow("died");
        const second = makeTrainee((await memory.list()).length > 0 ? 2 : 1);
        await train(second, { ...common, store: memory });
        expect(numbers(second)).toEqual(expected);
      }
    }
  });

  test("when the newest checkpoint is damaged, which is said in one sentence", async () => {
    const store = new MemoryStore();
    await train(makeTrainee(1), { ...common, store, steps: 21 });
    const whole = await store.read(checkpointName(21));
    for (let length = 0; length < whole.length; length += 97) {
      const copy = new MemoryStore();
      await copy.write(checkpointName(14), await store.read(checkpointName(14)));
      await copy.write(checkpointName(21), whole.slice(0, length));
      const refused: string[] = [];
      const resumed: number[] = [];
      await train(makeTrainee(2), {
        ...common,
        store: copy,
        steps: 15,
        onResume: ({ step }) => resumed.push(step),
        onRefuse: ({ name, reason }) => refused.push(`${name}: ${reason}`),
      });
      expect(resumed).toEqual([14]);
      expect(refused.length).toBe(1);
      expect(refused[0]).toMatch(/^step-00000021\.safetensors: \w+: [^\n]+$/);
      expect((await copy.list()).sort()).toEqual([checkpointName(14), checkpointName(15)]);
    }
    await store.write(checkpointName(21), whole.slice(0, -1));
    const last = makeTrainee(2);
    await train(last, { ...common, store });
    expect(numbers(last)).toEqual(await undisturbed());
  });
});

test("the store holds the last checkpoints, which carry the config", async () => {
  const store = new MemoryStore();
  const saved: number[] = [];
  await train(makeTrainee(1), {
    ...common,
    store,
    keepLast: 3,
    config: { width: 3 },
    onSave: ({ step }) => saved.push(step),
  });
  expect(saved).toEqual([7, 14, 21, 28, 35, 40]);
  expect((await store.list()).sort()).toEqual([28, 35, 40].map(checkpointName));
  const { config, step, tensors } = decodeCheckpoint(await store.read(checkpointName(40)));
  expect({ config, step }).toEqual({ config: { width: 3 }, step: 40 });
  expect(Object.keys(tensors).sort()).toEqual([
    "ema.small",
    "model.bias",
    "model.weight",
    "optimizer.mean.small",
    "optimizer.meanSquare.small",
  ]);
  // A finished training is not trained again.
  expect(await train(makeTrainee(2), { ...common, store })).toEqual({
    status: "finished",
    step: 40,
  });
});

test("a checkpoint of another model is an error that lists what differs, and changes nothing", async () => {
  const store = new MemoryStore();
  await train(makeTrainee(1), { ...common, store, steps: 7 });
  const other = makeTrainee(2, 5);
  const before = numbers(other);
  await expect(train(other, { ...common, store })).rejects.toThrow(
    "step-00000007.safetensors is of another model: model.weight is F32 [3, 2] where the model has F32 [5, 2]; " +
      "optimizer.mean.small is F32 [8] where the model has F32 [12]",
  );
  expect(numbers(other)).toEqual(before);
  const lacking: Trainee = {
    state: () => ({ "model.bias": makeTrainee(1).variables.bias!, extra: variable(scalar(1)) }),
    step: () => ({ loss: scalar(0) }),
  };
  await expect(train(lacking, { ...common, store })).rejects.toThrow(
    /extra F32 \[\] is missing; .*model\.weight F32 \[3, 2\] is not in the model/,
  );
  await expect(train(makeTrainee(1), { ...common, store, key: key(10) })).rejects.toThrow(
    "was trained with key [0,9], got [0,10]; give the same key, or an empty store",
  );
});

/** A trainee of one variable whose loss and weight are as told. */
function scripted(loss: (step: number) => number, weight = loss): Trainee {
  const x = variable(scalar(0));
  return {
    state: () => ({ x }),
    step: (_batch, _key, step) =>
      tidy(() => {
        x.assign(scalar(weight(step)));
        return { loss: scalar(loss(step)) };
      }),
  };
}

const nothing = (): Batch => ({});

describe("numbers that are not finite", () => {
  test("in the loss are reported with the step and the last good checkpoint", async () => {
    const store = new MemoryStore();
    const options = { data: nothing, key: key(0), steps: 100, saveEvery: 10, logEvery: 7, store };
    const failure = await train(
      scripted((step) => (step === 22 ? Number.NaN : 1)),
      options,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NonFiniteError);
    expect((failure as Error).message).toBe(
      "train: loss became NaN at step 23; the last good checkpoint is step-00000020.safetensors",
    );
    expect((failure as NonFiniteError).step).toBe(23);
  });

  test("in the weights are never saved", async () => {
    const store = new MemoryStore();
    const trainee = scripted(
      () => 1,
      (step) => (step > 12 ? Infinity : 1),
    );
    const options = { data: nothing, key: key(0), steps: 100, saveEvery: 10, store };
    await expect(train(trainee, options)).rejects.toThrow(
      "train: x became Infinity at step 20; the last good checkpoint is step-00000010.safetensors",
    );
    expect(await store.list()).toEqual([checkpointName(10)]);
  });

  test("are not saved by an abort either", async () => {
    const store = new MemoryStore();
    const controller = new AbortController();
    const training = train(
      scripted(() => -Infinity),
      {
        data: nothing,
        key: key(0),
        steps: 100,
        store,
        signal: controller.signal,
        onStep: ({ step }) => step === 3 && controller.abort(),
      },
    );
    await expect(training).rejects.toThrow(
      "loss became -Infinity at step 1; no checkpoint had been saved",
    );
    expect(await store.list()).toEqual([]);
  });
});

test("metrics are means over the steps since the last report; samples come when told", async () => {
  const reports: [number, number][] = [];
  const samples: number[] = [];
  await train(
    scripted((step) => step),
    {
      data: nothing,
      key: key(0),
      steps: 10,
      logEvery: 4,
      sampleEvery: 3,
      onStep: ({ step, metrics }) => metrics && reports.push([step, metrics.loss!]),
      onSample: ({ step }) => void samples.push(step),
    },
  );
  expect(reports).toEqual([
    [4, 1.5],
    [8, 5.5],
    [10, 8.5],
  ]);
  expect(samples).toEqual([3, 6, 9]);
});

test("every step has a key of its own, which follows from the step alone", async () => {
  const keys: string[] = [];
  const trainee = scripted(() => 1);
  const watched: Trainee = {
    ...trainee,
    step(batch, key, step) {
      keys.push(JSON.stringify(key));
      return trainee.step(batch, key, step);
    },
  };
  await train(watched, { data: nothing, key: key(4), steps: 3 });
  expect(keys).toEqual([0, 1, 2].map((step) => JSON.stringify(foldIn(key(4), step))));
});

test("timers and signals come through between the steps", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const { status } = await train(
    scripted(() => 1),
    {
      data: nothing,
      key: key(0),
      steps: 1e9,
      signal: controller.signal,
    },
  );
  expect(status).toBe("aborted");
});

test("the number of tensors does not grow with the steps, nor with failures", async () => {
  const counts = new Set<number>();
  const trainee = makeTrainee(1);
  const before = memory().numTensors;
  await train(trainee, {
    ...common,
    store: new MemoryStore(),
    onSample: () => void counts.add(memory().numTensors),
    sampleEvery: 5,
    saveEvery: 10,
  });
  expect(memory().numTensors).toBe(before);
  expect([...counts]).toEqual([before]);
  const failing = (step: number): Batch => {
    if (step === 3) throw new Error("no data");
    return data(step);
  };
  await expect(train(trainee, { ...common, data: failing })).rejects.toThrow("no data");
  expect(memory().numTensors).toBe(before);
});

test("a metric that only some steps have is a mean over those", async () => {
  const before = memory().numTensors;
  const seen: (Record<string, number> | undefined)[] = [];
  const trainee: Trainee = {
    state: () => ({}),
    step: (_batch, _key, step) => ({
      loss: scalar(step),
      ...(step >= 2 && { late: scalar(10 * step) }),
      ...(step < 1 && { early: scalar(7) }),
    }),
  };
  await train(trainee, {
    data: nothing,
    key: key(0),
    steps: 8,
    logEvery: 4,
    onStep: ({ metrics }) => void (metrics && seen.push(metrics)),
  });
  expect(seen).toEqual([
    { loss: 1.5, late: 25, early: 7 },
    { loss: 5.5, late: 55 },
  ]);
  expect(memory().numTensors).toBe(before);
});

test("options and metrics that make no sense are errors", async () => {
  await expect(
    train(
      scripted(() => 1),
      { ...common, saveEvery: 0 },
    ),
  ).rejects.toThrow("saveEvery must be a positive integer, got 0");
  const metric = (metrics: () => Record<string, Tensor>): Promise<unknown> =>
    train({ state: () => ({}), step: metrics }, { data: nothing, key: key(0), steps: 1 });
  const before = memory().numTensors;
  await expect(metric(() => ({ cost: scalar(1) }))).rejects.toThrow(
    "a scalar named loss, got cost",
  );
  await expect(metric(() => ({ loss: tensor([1, 2]) }))).rejects.toThrow(
    "must be a scalar at each step, got shape [2]",
  );
  expect(memory().numTensors).toBe(before);
});
