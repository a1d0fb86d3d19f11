import { checkImages, type ImagePairs, type ImageReport, imageReport } from "./images.ts";

/**
 * The peak signal-to-noise ratio of each pair of images in decibels, 10·log₁₀(range² / MSE), the mean of squares over
 * pixels and channels. Equal images have Infinity.
 *
 * @throws if shapes do not fit, a number is not finite or the range is not positive
 */
export function psnr(images: ImagePairs): ImageReport {
  checkImages("psnr", images);
  const { shape, a, b, range } = images;
  const size = shape[1] * shape[2] * shape[3];
  const values = Float64Array.from({ length: shape[0] }, (_, image) => {
    let squares = 0;
    for (let at = image * size; at < (image + 1) * size; at++) squares += (a[at]! - b[at]!) ** 2;
    return 10 * Math.log10((range * range * size) / squares);
  });
  return imageReport(values, `PSNR in dB, range ${range}`);
}
