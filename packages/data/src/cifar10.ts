import { checkLabels, type ImageSet } from "./image-set.ts";
import { inflate } from "./inflate.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;

const CLASSES = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

/**
 * The images and labels of CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html): any number of its
 * batch files, gzipped or not, one after the other. A record is a label and three planes of 32×32 bytes.
 */
export function parseCifar10(...batches: Uint8Array[]): ImageSet {
  const files = batches.map((batch, i) => {
    const file = inflate(batch, `parseCifar10: batch ${i}`);
    if (file.length === 0 || file.length % RECORD !== 0) {
      throw new Error(
        `parseCifar10: batch ${i} has ${file.length} bytes, expected a multiple of ${RECORD}: it is truncated or no binary CIFAR-10 batch`,
      );
    }
    return file;
  });
  const count = files.reduce((sum, file) => sum + file.length / RECORD, 0);
  if (count === 0) throw new Error("parseCifar10: no batch was given, expected at least one");
  const images = new Uint8Array(count * 3 * PLANE);
  const labels = new Int32Array(count);
  let image = 0;
  for (const file of files) {
    for (let record = 0; record < file.length; record += RECORD, image++) {
      labels[image] = file[record] as number;
      const at = image * 3 * PLANE;
      for (let pixel = 0; pixel < PLANE; pixel++) {
        for (let channel = 0; channel < 3; channel++) {
          images[at + pixel * 3 + channel] = file[record + 1 + channel * PLANE + pixel] as number;
        }
      }
    }
  }
  checkLabels(labels, CLASSES, "parseCifar10");
  return { images, labels, classes: CLASSES, count, height: SIDE, width: SIDE, channels: 3 };
}
