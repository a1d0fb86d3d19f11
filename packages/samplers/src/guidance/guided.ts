import { type Tensor, tidy } from "@gen/tensor";
import type { Denoiser } from "../denoiser.ts";
import { predicting } from "../denoisers/predicting.ts";
import type { GuidanceRule } from "./guidance-rule.ts";

/** A denoiser that joins a pair of predictions of one kind by a rule. */
export function guided<C>(
  { path, prediction }: Pick<Denoiser<C>, "path" | "prediction">,
  rule: GuidanceRule,
  pair: (x: Tensor, t: Tensor, condition?: C) => readonly [positive: Tensor, negative: Tensor],
): Denoiser<C> {
  const wanted = rule.prediction ?? prediction;
  return {
    path,
    prediction: wanted,
    predict: (x, t, condition) =>
      tidy(() => {
        const as = (predicted: Tensor): Tensor =>
          predicting({ path, prediction, predict: () => predicted }, wanted).predict(x, t);
        const [positive, negative] = pair(x, t, condition);
        return rule.join(as(positive), as(negative));
      }),
  };
}
