import { checkImages, type ImagePairs, type ImageReport, imageReport } from "./images.ts";

const WINDOW = 11;
const SIGMA = 1.5;

/**
 * The structural similarity of each pair of images (Wang et al. 2004, IEEE TIP 13(4), eq. 13): Gaussian window of
 * 11 × 11 with σ = 1.5, K₁ = 0.01, K₂ = 0.03, only where the whole window lies in the image, each channel on its own,
 * then the mean. 1 for equal images.
 *
 * @throws if an image is smaller than the window, shapes do not fit, a number is not finite or the range is not
 *   positive
 */
export function ssim(images: ImagePairs): ImageReport {
  checkImages("ssim", images);
  const { shape, a, b, range } = images;
  const [count, height, width, channels] = shape;
  if (Math.min(height, width) < WINDOW) {
    throw new Error(
      `ssim: images must be at least ${WINDOW} × ${WINDOW} pixels, got ${height} × ${width}`,
    );
  }
  const c1 = (0.01 * range) ** 2;
  const c2 = (0.03 * range) ** 2;
  const size = height * width;
  const values = Float64Array.from({ length: count }, (_, image) => {
    let sum = 0;
    let places = 0;
    for (let channel = 0; channel < channels; channel++) {
      const plane = (of: (at: number) => number): Float64Array =>
        blur(
          Float64Array.from({ length: size }, (__, at) =>
            of((image * size + at) * channels + channel),
          ),
          height,
          width,
        );
      const meanA = plane((at) => a[at]!);
      const meanB = plane((at) => b[at]!);
      const squareA = plane((at) => a[at]! ** 2);
      const squareB = plane((at) => b[at]! ** 2);
      const product = plane((at) => a[at]! * b[at]!);
      for (let at = 0; at < meanA.length; at++) {
        const [x, y] = [meanA[at]!, meanB[at]!];
        const covariance = product[at]! - x * y;
        const variances = squareA[at]! - x * x + squareB[at]! - y * y;
        sum +=
          ((2 * x * y + c1) * (2 * covariance + c2)) / ((x * x + y * y + c1) * (variances + c2));
      }
      places += meanA.length;
    }
    return sum / places;
  });
  return imageReport(
    values,
    `SSIM, Gaussian window ${WINDOW} with σ = ${SIGMA}, valid places, mean of channels, range ${range}`,
  );
}

const weights = Float64Array.from({ length: WINDOW }, (_, i) =>
  Math.exp(-((i - (WINDOW - 1) / 2) ** 2) / (2 * SIGMA * SIGMA)),
);
const total = weights.reduce((sum, weight) => sum + weight, 0);

/** The window's weighted means where it lies within the plane: rows first, then columns. */
function blur(plane: Float64Array, height: number, width: number): Float64Array {
  const narrow = width - WINDOW + 1;
  const low = height - WINDOW + 1;
  const along = new Float64Array(height * narrow);
  const result = new Float64Array(low * narrow);
  for (let i = 0; i < along.length; i++) {
    const from = Math.floor(i / narrow) * width + (i % narrow);
    for (let w = 0; w < WINDOW; w++) along[i]! += (plane[from + w]! * weights[w]!) / total;
  }
  for (let i = 0; i < result.length; i++) {
    for (let w = 0; w < WINDOW; w++) result[i]! += (along[i + w * narrow]! * weights[w]!) / total;
  }
  return result;
}
