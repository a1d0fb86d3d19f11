import { parameter, state } from "@gen/nn";
import { gaussian, optimalDiscriminatorLogit, wasserstein1d } from "@gen/probability";
import {
  add,
  broadcastTo,
  foldIn,
  type Key,
  key,
  linspace,
  mul,
  normal,
  reshape,
  sigmoid,
  sub,
  type Tensor,
  tensor,
  tidy,
  useBackend,
  type Variable,
} from "@gen/tensor";
import { adam, cosine, differentiate, sgd } from "@gen/train";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type AdversarialLoss,
  type Game,
  ganStep,
  type Generator,
  gradientPenalty,
  minimax,
  nonSaturating,
  PointDiscriminator,
  r1,
  type Regularizer,
  wasserstein,
} from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

/** N(mean, deviation²), as a generator that is not trained. */
class Normal implements Generator {
  readonly latents = 1;
  readonly mean: Variable;
  readonly deviation: Variable;
  constructor(mean: number, deviation: number) {
    this.mean = parameter(Float32Array.of(mean), [1]);
    this.deviation = parameter(Float32Array.of(deviation), [1]);
  }
  forward(z: Tensor): Tensor {
    return tidy(() => add(this.mean, mul(this.deviation, z)));
  }
}

/** Trains a discriminator between N(0, 1) and a fixed generator; answers the mean gap of the last steps. */
async function trainDiscriminator(
  discriminator: PointDiscriminator,
  generator: Normal,
  {
    loss,
    regularizers = [],
    steps,
    batch,
  }: { loss: AdversarialLoss; regularizers?: Regularizer[]; steps: number; batch: number },
): Promise<number> {
  const trainee = ganStep({
    generator,
    discriminator,
    generatorOptimizer: sgd({ learningRate: 0 }),
    discriminatorOptimizer: adam({ learningRate: cosine({ from: 0.01, steps }), beta1: 0.5 }),
    loss,
    regularizers,
  });
  const gaps: number[] = [];
  for (let step = 0; step < steps; step++) {
    const images = normal(foldIn(key(1), step), [batch, 1]);
    const metrics = trainee.step({ images }, foldIn(key(2), step), step);
    if (step >= steps - 100) gaps.push((await metrics["gap"]!.data())[0] as number);
    for (const metric of Object.values(metrics)) metric.dispose();
    images.dispose();
  }
  trainee.dispose();
  return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
}

test("a trained discriminator between N(0, 1) and N(1, 1) reaches D* = p/(p + q) within 0.02", async () => {
  const discriminator = new PointDiscriminator(key(0), { dimensions: 1, width: 32, depth: 2 });
  await trainDiscriminator(discriminator, new Normal(1, 1), {
    loss: nonSaturating,
    steps: 600,
    batch: 2048,
  });
  const x = linspace(-2, 3, 101);
  const best = optimalDiscriminatorLogit(gaussian(0, 1), gaussian(1, 1), x);
  const given = discriminator.forward(reshape(x, [-1, 1]));
  const errors = Array.from(await sub(sigmoid(given), sigmoid(best)).data(), Math.abs);
  expect(Math.max(...errors)).toBeLessThan(0.02);
});

describe("the Wasserstein critic's gap is W₁ within 5 %", () => {
  test.each(["two", "one"] as const)("%s-sided penalty", async (sides) => {
    // W₁ of N(0, 1) and N(1.5, 0.5²) by many samples; their quantiles cross, so it is not the distance of the means.
    const noise = await normal(key(7), [200_000]).data();
    const exact = wasserstein1d(
      noise,
      noise.map((n) => 1.5 + 0.5 * n),
    );
    const discriminator = new PointDiscriminator(key(0), { dimensions: 1, width: 32, depth: 2 });
    const gap = await trainDiscriminator(discriminator, new Normal(1.5, 0.5), {
      loss: wasserstein,
      // At the optimum the slope is above 1 by about 1/(2λ) of what the density of the points asks: λ large.
      regularizers: [gradientPenalty({ weight: 100, sides })],
      steps: 600,
      batch: 512,
    });
    expect(Math.abs(gap / exact - 1)).toBeLessThan(0.05);
  });
});

describe("Dirac-GAN: data at 0, a generator at θ, D(x) = ψx", () => {
  /** The dynamics (ψ', θ') = −(∂L_D/∂ψ, ∂L_G/∂θ) at a point. */
  async function field(psi: number, theta: number, regularizer?: Regularizer): Promise<number[]> {
    const variables = {
      psi: parameter(Float32Array.of(psi), [1]),
      theta: parameter(Float32Array.of(theta), [1]),
    };
    const judge = (x: Tensor): Tensor => reshape(mul(x, variables.psi), [-1]);
    const real = tensor([[0]]);
    const fake = reshape(variables.theta, [1, 1]);
    const game = { judge, real, fake, key: key(0) } as unknown as Game;
    const slopes = [
      differentiate({ psi: variables.psi }, () => {
        const loss = minimax.discriminator(judge(real), judge(fake));
        return { loss: regularizer ? add(loss, regularizer.discriminator!(game)) : loss };
      }).gradients["psi"]!,
      differentiate({ theta: variables.theta }, () => ({
        loss: minimax.generator(judge(reshape(variables.theta, [1, 1])), () => judge(real)),
      })).gradients["theta"]!,
    ];
    return Promise.all(slopes.map(async (slope) => -((await slope.data())[0] as number)));
  }

  test.each<[string, Regularizer | undefined, [number, number][]]>([
    [
      "without a regulariser ±0.5i",
      undefined,
      [
        [0, 0.5],
        [0, -0.5],
      ],
    ],
    [
      "with R1, γ = 0.5, −0.25 ± 0.433i",
      r1(0.5),
      [
        [-0.25, 0.4330127],
        [-0.25, -0.4330127],
      ],
    ],
    [
      "with R1, γ = 1, −0.5 twice",
      r1(1),
      [
        [-0.5, 0],
        [-0.5, 0],
      ],
    ],
    [
      "with R1, γ = 4, two real ones",
      r1(4),
      [
        [-0.0635083, 0],
        [-3.9364917, 0],
      ],
    ],
  ])("the eigenvalues of its dynamics are %s", async (_, regularizer, expected) => {
    const h = 1 / 64;
    const columns = await Promise.all(
      [
        [h, 0],
        [0, h],
      ].map(async ([psi, theta]) => {
        const [up, down] = [
          await field(psi!, theta!, regularizer),
          await field(-psi!, -theta!, regularizer),
        ];
        return up.map((u, i) => (u - down[i]!) / (2 * h));
      }),
    );
    const [[a, c], [b, d]] = columns as [[number, number], [number, number]];
    const [half, determinant] = [(a + d) / 2, a * d - b * c];
    const discriminant = half ** 2 - determinant;
    for (const [i, [re, im]] of expected.entries()) {
      const root = (i === 0 ? 1 : -1) * Math.sqrt(Math.abs(discriminant));
      // A double root turns a rounding error into its square root.
      expect(half + (discriminant > 0 ? root : 0)).toBeCloseTo(re, im === 0 && re === -0.5 ? 2 : 4);
      expect(discriminant > 0 ? 0 : root).toBeCloseTo(im, im === 0 ? 2 : 4);
    }
  });

  test("as training goes: without R1 it circles, with R1 it converges", async () => {
    const distance = async (regularizers: Regularizer[]): Promise<number> => {
      const generator = {
        theta: parameter(Float32Array.of(1), [1]),
        latents: 1,
        forward: (z: Tensor): Tensor =>
          broadcastTo(reshape(generator.theta, [1, 1]), z.shape as [number, number]),
      };
      const discriminator = {
        psi: parameter(Float32Array.of(0), [1]),
        forward: (x: Tensor): Tensor => tidy(() => reshape(mul(x, discriminator.psi), [-1])),
      };
      const optimizer = sgd({ learningRate: 0.1 });
      const trainee = ganStep({
        generator,
        discriminator,
        generatorOptimizer: optimizer,
        discriminatorOptimizer: optimizer,
        loss: minimax,
        regularizers,
      });
      const images = tensor([[0], [0]]);
      const keyOf = (step: number): Key => foldIn(key(0), step);
      for (let step = 0; step < 200; step++) {
        for (const metric of Object.values(trainee.step({ images }, keyOf(step), step)))
          metric.dispose();
      }
      trainee.dispose();
      const values = await Promise.all(
        Object.values(state([generator, discriminator])).map((v) => v.data()),
      );
      return Math.hypot(...values.map((v) => v[0] as number));
    };
    expect(await distance([])).toBeGreaterThan(0.7);
    expect(await distance([r1(1)])).toBeLessThan(0.01);
  });
});
