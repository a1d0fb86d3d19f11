import type { Family } from "../family.ts";
import { classifier } from "./classifier.ts";
import { flow } from "./flow.ts";
import { gan, r3gan, stylegan, wganGP } from "./gan.ts";
import { mar } from "./mar.ts";
import { maf, realnvp } from "./normalizing-flow.ts";
import { pixelcnn, pixelcnnPlusPlus } from "./pixelcnn.ts";
import { pixelformer } from "./pixelformer.ts";
import { vae } from "./vae.ts";
import { vqgan } from "./vqgan.ts";
import { vqvae } from "./vqvae.ts";

/** All families, as help lists them. */
export const families: readonly Family[] = [
  flow,
  gan,
  wganGP,
  stylegan,
  r3gan,
  vae,
  vqvae,
  vqgan,
  realnvp,
  maf,
  pixelcnn,
  pixelcnnPlusPlus,
  pixelformer,
  mar,
  classifier,
];
