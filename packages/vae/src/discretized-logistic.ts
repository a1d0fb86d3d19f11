import { discretizedLogistic as distribution } from "@gen/probability";
import { clipByValue, maximum, splitTensor, type Tensor, tidy } from "@gen/tensor";
import { type Likelihood, sumOfEach } from "./likelihood.ts";

/** The paper's code keeps scales above e⁻⁷ of the unit: about a quarter of a level of 256. */
const LEAST_LOG_SCALE = -7;

/**
 * Pixels of evenly spaced levels from −1 to 1, each with the mass that a logistic distribution has around it (Kingma et
 * al. 2016, arXiv:1606.04934, appendix; Salimans et al. 2017, arXiv:1701.05517, eq. 2): a probability of the image, so
 * that −log p is what a lossless code of it takes. The outputs are locations, then log-scales, which are held above −7.
 * `mean` is the location, clipped: the distribution's mean but for its tails.
 *
 * @param levels values of a pixel; 256 by default
 */
export function discretizedLogistic(levels = 256): Likelihood {
  const parts = (outputs: Tensor): [Tensor, Tensor] => {
    const [loc, logScale] = splitTensor(outputs, 2, -1) as [Tensor, Tensor];
    return [loc, maximum(logScale, LEAST_LOG_SCALE)];
  };
  distribution(0, 0, { levels }); // refuses what are no levels
  return {
    outputsPerNumber: 2,
    logProbability: (images, outputs) =>
      tidy(() => sumOfEach(distribution(...parts(outputs), { levels }).logProb(images))),
    mean: (outputs) => tidy(() => clipByValue(parts(outputs)[0], -1, 1)),
    sample: (outputs, key) => tidy(() => distribution(...parts(outputs), { levels }).sample(key)),
  };
}
