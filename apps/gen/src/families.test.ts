import { dispose, exportOnnx, foldIn, key, memory, useBackend } from "@gen/tensor";
import { latestCheckpoint, MemoryStore, train } from "@gen/train";
import { beforeAll, describe, expect, test } from "vitest";
import type { RunConfig } from "./config.ts";
import { type Dataset, loadDataset } from "./dataset.ts";
import { sizeOf } from "./examples.ts";
import { classifier } from "./families/classifier.ts";
import { flow } from "./families/flow.ts";
import { families } from "./families/index.ts";
import type { Found, Trained, Training } from "./family.ts";
import { allClasses, spreadLabels } from "./labels.ts";
import { heldOutOf, reportLikelihood } from "./likelihood-report.ts";
import { createOutput } from "./output.ts";
import { resolveConfig } from "./presets.ts";
import { readSettings } from "./settings.ts";

// What every family must do, whatever it is. A new one is tested by being listed: it brings its `trials`.

const quiet = createOutput(true, { write: () => true }, { write: () => true });

beforeAll(async () => {
  await useBackend();
});

const trials = families.flatMap((family) =>
  family.trials.map((trial) => ({ name: `${family.task}, ${trial.preset}`, family, trial })),
);

function trainTo(
  steps: number,
  { trainee, batch }: Training,
  config: RunConfig,
  store: MemoryStore,
): Promise<unknown> {
  return train(trainee, {
    data: (step) => batch(step),
    key: foldIn(key(config.seed), 1),
    steps,
    store,
    saveEvery: 2,
    config,
  });
}

async function newest(store: MemoryStore): Promise<Found> {
  return (await latestCheckpoint(store)) as Found;
}

describe.each(trials)("$name", ({ family, trial }) => {
  const { sampling, pictures = {}, parts = {} } = family;
  let config: RunConfig;
  let dataset: Dataset;
  let found: Found;

  /** Tests that use a trained model leave nothing behind. */
  async function withTrained(use: (trained: Trained) => Promise<void>): Promise<void> {
    const before = memory().numTensors;
    const trained = await family.load(config, dataset.examples, found);
    try {
      await use(trained);
    } finally {
      trained.dispose();
    }
    expect(memory().numTensors).toBe(before);
  }

  beforeAll(async () => {
    config = resolveConfig(family, trial.preset, [...trial.set, "steps=4", "seed=3"]);
    dataset = await loadDataset(config.data, undefined, quiet);
  });

  test("trains, stopped and resumed, to the same bits, and keeps no tensors", async () => {
    const before = memory().numTensors;
    const [whole, parted] = [new MemoryStore(), new MemoryStore()];
    const first = await family.create(config, dataset);
    await trainTo(2, first, config, parted);
    const between = memory().numTensors;
    await trainTo(4, first, config, new MemoryStore());
    expect(memory().numTensors).toBe(between);
    first.dispose();
    expect(memory().numTensors).toBe(before);

    const second = await family.create(config, dataset);
    await trainTo(4, second, config, parted);
    second.dispose();
    const third = await family.create(config, dataset);
    await trainTo(4, third, config, whole);
    third.dispose();
    found = await newest(whole);
    const resumed = await newest(parted);
    expect([resumed.name, resumed.checkpoint.step]).toEqual([found.name, 4]);
    expect(resumed.checkpoint.tensors).toEqual(found.checkpoint.tensors);
  });

  test("its picture while training, if it has one, is the same again", async () => {
    const before = memory().numTensors;
    const training = await family.create(config, dataset);
    if (training.picture) {
      const one = await training.picture.draw(0);
      const between = memory().numTensors;
      expect(await training.picture.draw(0)).toEqual(one);
      expect(memory().numTensors).toBe(between);
      expect(one.bytes.length).toBeGreaterThan(100);
    }
    training.dispose();
    expect(memory().numTensors).toBe(before);
  });

  if (sampling) {
    test("what it draws follows from the key, not from how many are drawn", async () => {
      const { examples } = dataset;
      const settings = readSettings({ name: family.task, ...sampling }, {}, examples, []);
      const size = sizeOf(examples);
      await withTrained(async (trained) => {
        expect(trained.parameters).toBeGreaterThan(0);
        const labels = spreadLabels(3, allClasses(examples));
        const progress: number[] = [];
        const plan = { settings, key: key(5) };
        const three = await sampling.draw(trained, {
          ...plan,
          labels,
          onProgress: (done) => progress.push(done),
        });
        const before = memory().numTensors;
        const two = await sampling.draw(trained, { ...plan, labels: labels.slice(0, 2) });
        const other = await sampling.draw(trained, { ...plan, labels, key: key(6) });
        expect(memory().numTensors).toBe(before);
        expect(three.length).toBe(3 * size);
        expect(three.every(Number.isFinite)).toBe(true);
        // The batch may be another, so sums may be in another order.
        two.forEach((value, i) => expect(value).toBeCloseTo(three[i] as number, 3));
        expect(other).not.toEqual(three);
        expect(progress.at(-1)).toBe(3);
        const aborted = AbortSignal.abort();
        await expect(
          sampling.draw(trained, { ...plan, labels, signal: aborted }),
        ).rejects.toThrow();
        expect(memory().numTensors).toBe(before);
      });
    });
  }

  if (family.likelihood) {
    test("its likelihood is one finite number for each held-out example", async () => {
      const heldOut = heldOutOf(dataset, 7);
      await withTrained(async (trained) => {
        const likelihoods = await family.likelihood!(trained, heldOut, { key: key(1) });
        expect(likelihoods.nats.length).toBe(heldOut.count);
        const again = await family.likelihood!(trained, heldOut, { key: key(1) });
        expect(again.nats).toEqual(likelihoods.nats);
        const report = reportLikelihood(likelihoods, heldOut, config.data);
        expect(report.interval.low).toBeLessThanOrEqual(report.nats);
        expect(report.interval.high).toBeGreaterThanOrEqual(report.nats);
      });
    });
  }

  if (family.pictures) {
    test("what people look at is drawn", async () => {
      const fitting = Object.entries(pictures).filter(
        ([, picture]) => picture.applies?.(config, dataset.examples) ?? true,
      );
      await withTrained(async (trained) => {
        for (const [name, picture] of fitting) {
          const drawn = await picture.draw(trained, {
            config,
            examples: dataset.examples,
            key: key(1),
            dataset: () => Promise.resolve(dataset),
          });
          const size = typeof drawn === "string" ? drawn.length : drawn.bytes.length;
          expect(size, name).toBeGreaterThan(100);
          expect(picture.about, name).toMatch(/^\p{Lu}.*[^.]$/u);
        }
      });
    });
  }

  if (family.parts) {
    test("its parts are exported for any batch", async () => {
      for (const [name, { settings = {}, build }] of Object.entries(parts)) {
        const trained = await family.load(config, dataset.examples, found);
        const values = readSettings({ name, settings }, {}, dataset.examples, []);
        const part = build(trained, dataset.examples, values);
        const inputs = part.inputs(1);
        const { names, weights, metadata } = part;
        const written = await exportOnnx(part.fn, inputs, {
          names,
          weights,
          metadata,
          dynamicBatch: true,
        });
        dispose(inputs);
        trained.dispose();
        expect(written.inputs.map((input) => input.name)).toEqual(names.inputs);
        expect(written.inputs.every(({ shape }) => shape[0] === "batch")).toBe(true);
      }
    });
  }

  test("a setting that there is not, and a value that is none, are refused by name", () => {
    const set = (assignment: string) => () =>
      resolveConfig(family, trial.preset, [...trial.set, assignment]);
    expect(set("nonsense=1")).toThrow('There is no setting "nonsense"');
    expect(set("steps=0")).toThrow("steps must be at least 1, got 0");
    expect(set("batchSize=many")).toThrow('--set batchSize: "many" is not a number');
    expect(set("data.name=nonsense")).toThrow('There is no data.name "nonsense"');
  });
});

test("a checkpoint of another family's model is refused by name", async () => {
  const trial = flow.trials[0]!;
  const config = resolveConfig(flow, trial.preset, [...trial.set, "steps=1"]);
  const dataset = await loadDataset(config.data, undefined, quiet);
  const store = new MemoryStore();
  const training = await flow.create(config, dataset);
  await trainTo(1, training, config, store);
  training.dispose();
  const strange = resolveConfig(classifier, "glyphs", classifier.trials[0]!.set);
  const found = await newest(store);
  await expect(
    Promise.resolve().then(() => classifier.load(strange, dataset.examples, found)),
  ).rejects.toThrow(found.name);
});
