import {
  DCGANDiscriminator,
  DCGANGenerator,
  type Discriminator,
  type Generator,
  PointDiscriminator,
  PointGenerator,
  R3GANDiscriminator,
  R3GANGenerator,
  ResNetDiscriminator,
  ResNetGenerator,
  StyleDiscriminator,
  StyleGenerator,
} from "@gen/gan";
import { foldIn, key } from "@gen/random";
import type { Examples } from "../examples.ts";
import { messageOf, misuse } from "../failure.ts";
import type { GANConfig } from "./gan-config.ts";

export interface Players {
  readonly generator: Generator & object;
  readonly discriminator: Discriminator & object;
}

/** The networks that a configuration describes. */
export function createPlayers({ seed, model }: GANConfig, { shape, classes }: Examples): Players {
  const [generatorKey, discriminatorKey] = [0, 1].map((i) => foldIn(foldIn(key(seed), 0), i)) as [
    ReturnType<typeof key>,
    ReturnType<typeof key>,
  ];
  const [height, width, imageChannels] = shape;
  if (model.kind === "points") {
    if (shape.length !== 1) {
      throw misuse(
        `model.kind points is for points; take another for images of ${shape.join("×")}.`,
      );
    }
    const { kind: _, ...config } = { ...model, dimensions: height as number };
    return {
      generator: new PointGenerator(generatorKey, config),
      discriminator: new PointDiscriminator(discriminatorKey, config),
    };
  }
  if (imageChannels === undefined) {
    throw misuse(`model.kind ${model.kind} is for images; for points take points.`);
  }
  if (height !== width) {
    throw misuse(`model.kind ${model.kind} needs square images, got ${height}×${width}.`);
  }
  const { latents, generatorChannels, discriminatorChannels } = model;
  const common = {
    imageSize: height as number,
    imageChannels,
    latents,
    classes: classes > 0 ? classes : undefined,
  };
  const inner = { ...common, baseChannels: generatorChannels };
  const outer = { ...common, baseChannels: discriminatorChannels };
  try {
    switch (model.kind) {
      case "dcgan": {
        const { norm, condition } = model;
        return {
          generator: new DCGANGenerator(generatorKey, inner),
          discriminator: new DCGANDiscriminator(discriminatorKey, { ...outer, norm, condition }),
        };
      }
      case "resnet": {
        const { head } = model;
        return {
          generator: new ResNetGenerator(generatorKey, inner),
          discriminator: new ResNetDiscriminator(discriminatorKey, { ...outer, head }),
        };
      }
      case "r3gan": {
        const { blocks } = model;
        return {
          generator: new R3GANGenerator(generatorKey, { ...inner, blocks }),
          discriminator: new R3GANDiscriminator(discriminatorKey, { ...outer, blocks }),
        };
      }
      case "stylegan": {
        const { mapping, styles, mixing } = model;
        const config = { ...inner, mapping: { depth: mapping }, styles, mixing };
        return {
          generator: new StyleGenerator(generatorKey, config),
          discriminator: new StyleDiscriminator(discriminatorKey, outer),
        };
      }
    }
  } catch (error) {
    throw misuse(`model: ${messageOf(error)}.`);
  }
}
