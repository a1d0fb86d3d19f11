export { batchIndices, gatherImages, type ImageBatch } from "./batch.ts";
export { parseCifar10 } from "./cifar10.ts";
export { gaussianMixture, type GaussianMixture } from "./gaussian-mixture.ts";
export { glyphs } from "./glyphs.ts";
export { type IdxArray, parseIdx } from "./idx.ts";
export { type DecodedImage, type DecodeImage, imageFolder, imagesFromTar } from "./image-folder.ts";
export type { ImageSet } from "./image-set.ts";
export { mnist } from "./mnist.ts";
export {
  checkerboard,
  eightGaussians,
  eightGaussiansMixture,
  moons,
  pinwheel,
  type PointSet,
  type PointSetName,
  pointSets,
  rings,
  swissRoll,
} from "./point-sets.ts";
export { holdOut, subset } from "./subset.ts";
export { type FileEntry, readTar } from "./tar.ts";
