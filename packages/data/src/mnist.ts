import { parseIdxFor } from "./idx.ts";
import { checkLabels, DIGITS, type ImageSet } from "./image-set.ts";

/**
 * The images and labels of MNIST or of a set in its format (Fashion-MNIST, KMNIST, EMNIST): two IDX files, gzipped or
 * not.
 *
 * @param imagesFile bytes of shape [count, height, width]
 * @param labelsFile bytes of shape [count]
 * @param classes the names of the classes; the labels must be indices into it
 */
export function mnist(
  imagesFile: Uint8Array,
  labelsFile: Uint8Array,
  classes: readonly string[] = DIGITS,
): ImageSet {
  const images = parseIdxFor("mnist: imagesFile", imagesFile);
  const labels = parseIdxFor("mnist: labelsFile", labelsFile);
  const [count, height, width] = images.shape as [number, number, number];
  if (images.shape.length !== 3 || !(images.data instanceof Uint8Array)) {
    throw new Error(
      `mnist: imagesFile has shape [${images.shape.join(", ")}], expected bytes of shape [count, height, width]`,
    );
  }
  if (labels.shape.length !== 1 || !(labels.data instanceof Uint8Array)) {
    throw new Error(
      `mnist: labelsFile has shape [${labels.shape.join(", ")}], expected bytes of shape [count]; are the two files swapped?`,
    );
  }
  if (labels.data.length !== count) {
    throw new Error(
      `mnist: imagesFile holds ${count} images, but labelsFile ${labels.data.length} labels`,
    );
  }
  checkLabels(labels.data, classes, "mnist");
  return {
    images: images.data,
    labels: Int32Array.from(labels.data),
    classes,
    count,
    height,
    width,
    channels: 1,
  };
}
