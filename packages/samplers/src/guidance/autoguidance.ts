import type { Denoiser } from "../denoiser.ts";
import { predicting } from "../denoisers/predicting.ts";
import { checkSamePath } from "../denoisers/same-path.ts";
import { guided } from "./guided.ts";
import { type GuidanceRule, guidanceRule, type GuidanceStrength } from "./guidance-rule.ts";

/**
 * Autoguidance (Karras et al. 2024, arXiv:2406.02507): the prediction is moved away from that of a bad version of the
 * same model, smaller or trained for less long. It sharpens samples without narrowing them to a class, and works
 * without conditions. Both get the condition that is given.
 *
 * @param weak a denoiser on the same path; it may predict another kind
 * @throws if the paths differ
 */
export function autoguidance<C>(
  denoiser: Denoiser<C>,
  weak: Denoiser<C>,
  strength: GuidanceStrength | GuidanceRule,
): Denoiser<C> {
  checkSamePath("autoguidance", denoiser, weak);
  const worse = predicting(weak, denoiser.prediction);
  return guided(denoiser, guidanceRule("autoguidance", strength), (x, t, condition) => [
    denoiser.predict(x, t, condition),
    worse.predict(x, t, condition),
  ]);
}
