import { predictionTarget } from "@gen/schedules";
import { add, grad, mul, sum, type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { atTimes } from "../denoisers/at-times.ts";

/**
 * Classifier guidance (Dhariwal and Nichol 2021, arXiv:2105.05233, algorithm 2): the score of the denoiser plus
 * classifierScale·∇ log p(y|x_t), that is ε - classifierScale·b(t)·∇ log p(y|x_t), or the same said in whatever the
 * denoiser predicts. Only the classifier's term is scaled (the lectures' derivation has weight 1 there). With an
 * unconditional denoiser, a classifierScale of 1 samples p(x|y) by Bayes' rule, 0 ignores the classifier.
 *
 * @param logLikelihood log p(y|x_t) in nats of a classifier trained on noisy x_t: [batch], differentiable by
 *   x. It gets the condition y; the denoiser gets it too
 * @throws if the scale is not finite; when asked where x_t holds no data (a = 0): begin a little below
 */
export function classifierGuidance<C>(
  denoiser: Denoiser<C>,
  logLikelihood: (x: Tensor, t: Tensor, condition?: C) => Tensor,
  { classifierScale }: { readonly classifierScale: number },
): Denoiser<C> {
  const { path, prediction } = denoiser;
  if (!Number.isFinite(classifierScale)) {
    throw new Error(
      `classifierGuidance: classifierScale must be a finite number, got ${classifierScale}`,
    );
  }
  // A score raised by g raises E[x] by b²/a·g and E[z] by -b·g: x_t stays.
  const gain = (time: number): number => {
    const [a, b] = [path.a(time), path.b(time)];
    if (!(a > 1e-12)) {
      throw new Error(
        `classifierGuidance: at t = ${time} of the path ${path.name} ` +
          "x_t holds no data to classify; begin a little below",
      );
    }
    const { data, noise } = predictionTarget(path, time, prediction);
    return classifierScale * ((data * b * b) / a - noise * b);
  };
  return {
    ...denoiser,
    predict: (x, t, condition) =>
      tidy(() => {
        const gains = atTimes(path, x, t, gain);
        const pull = grad((at: Tensor) => sum(logLikelihood(at, t, condition)))(x);
        return add(denoiser.predict(x, t, condition), mul(pull, gains)) as Tensor;
      }),
  };
}
