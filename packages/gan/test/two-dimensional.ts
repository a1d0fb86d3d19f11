// The 2-D sets: modes kept over seeds, and distances to the data. `npx tsx --conditions=@gen/source test/two-dimensional.ts`
import { type PointSetName, pointSets } from "@gen/data";
import { modeCoverage, slicedWasserstein } from "@gen/metrics";
import { clone, parameters } from "@gen/nn";
import { foldIn, key, normal, split, tensor, useBackend, type Key } from "@gen/tensor";
import { adam, constant, cosine, Ema, train } from "@gen/train";
import { ganStep, PointDiscriminator, PointGenerator, r1, r2, relativistic } from "../src/index.ts";

const batch = 256;
const steps = 4000;
const count = 10_000;

// Those of the set.
const deviation = Math.SQRT1_2 / 2;
const centres = {
  values: Array.from({ length: 8 }, (_, i) => [
    2 * Math.SQRT2 * Math.cos((i * Math.PI) / 4),
    2 * Math.SQRT2 * Math.sin((i * Math.PI) / 4),
  ]).flat(),
  dims: 2,
};

/** Points of the averaged generator after training with the relativistic loss, R1 and R2. */
async function trained(set: PointSetName, seed: number): Promise<Float32Array> {
  const [generatorKey, discriminatorKey, dataKey, trainKey, sampleKey] = split(key(seed), 5) as [
    Key,
    Key,
    Key,
    Key,
    Key,
  ];
  const generator = new PointGenerator(generatorKey);
  const ema = new Ema(parameters(generator), constant(0.999));
  const optimizer = adam({
    learningRate: cosine({ from: 1e-3, to: 1e-4, steps }),
    beta1: 0,
    beta2: 0.99,
  });
  const trainee = ganStep({
    generator,
    discriminator: new PointDiscriminator(discriminatorKey),
    generatorOptimizer: optimizer,
    discriminatorOptimizer: optimizer,
    loss: relativistic,
    regularizers: [r1(0.5), r2(0.5)],
    ema,
  });
  const points = pointSets[set];
  const data = (step: number) => ({
    images: tensor(points(foldIn(dataKey, step), batch), [batch, 2]),
  });
  await train(trainee, { data, key: trainKey, steps });
  const average = clone(generator);
  ema.copyTo(parameters(average));
  return (await average.forward(normal(sampleKey, [count, 2])).data()) as Float32Array;
}

await useBackend();
const sets = process.argv.slice(2) as PointSetName[];
for (const set of sets.length > 0 ? sets : (Object.keys(pointSets) as PointSetName[])) {
  const real = { values: pointSets[set](key(100), count), dims: 2 };
  for (let seed = 0; seed < (set === "eightGaussians" ? 5 : 1); seed++) {
    const started = performance.now();
    const generated = { values: await trained(set, seed), dims: 2 };
    const seconds = (performance.now() - started) / 1000;
    const { distance } = slicedWasserstein(generated, real, { key: key(0) });
    const modes = set === "eightGaussians" && modeCoverage(generated, centres, { deviation });
    console.log(
      `${set} seed ${seed}: ${seconds.toFixed(0)} s, sliced Wasserstein ${distance.toFixed(3)}`,
      modes ? `modes ${modes.perMode.join(" ")} good ${modes.highQualityShare.toFixed(3)}` : "",
    );
  }
}
