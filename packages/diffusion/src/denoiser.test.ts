import { key, normal, tensor1d, useBackend } from "@gen/tensor";
import { expectClose } from "@gen/testing";
import { beforeAll, expect, test } from "vitest";
import { denoiser, DiT, type Network, UNet } from "./index.ts";

beforeAll(async () => {
  await useBackend();
});

const networks: Record<string, (classes: number) => Network> = {
  UNet: (classes) =>
    new UNet(key(1), {
      imageSize: 8,
      inChannels: 1,
      baseChannels: 8,
      multipliers: [1, 2],
      blocks: 1,
      classes,
    }),
  DiT: (classes) =>
    new DiT(key(1), {
      imageSize: 8,
      inChannels: 1,
      patch: 2,
      width: 16,
      depth: 2,
      heads: 2,
      classes,
    }),
};

test.each(Object.keys(networks))(
  "a batch of %s in shards is predicted as the whole, and one that cannot be split is whole",
  async (name) => {
    for (const classes of [0, 3]) {
      const model = networks[name]!(classes);
      const whole = denoiser(model);
      const sharded = denoiser(model, { shards: 2 });
      for (const batch of [4, 3, 1]) {
        const x = normal(key(2), [batch, 8, 8, 1]);
        const t = tensor1d(Array.from({ length: batch }, (_, i) => 0.1 + i / 5));
        const labels =
          classes > 0
            ? tensor1d(
                Array.from({ length: batch }, (_, i) => i % classes),
                "int32",
              )
            : undefined;
        const [a, b] = [whole.predict(x, t, labels), sharded.predict(x, t, labels)];
        expect(b.shape).toEqual(a.shape);
        expectClose(await b.data(), await a.data(), 1e-5);
        [x, t, a, b, labels].forEach((tensor) => tensor?.dispose());
      }
      whole.dispose();
      sharded.dispose();
    }
  },
);
