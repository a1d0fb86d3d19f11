import { bernoulliDistribution } from "@gen/probability";
import { mul, sigmoid, softplus, sub, tidy } from "@gen/tensor";
import { type Likelihood, sumOfEach } from "./likelihood.ts";

/**
 * Independent bits, the network's outputs their logits: log p = Σ(x·l − log(1 + eˡ)) (Kingma and Welling,
 * arXiv:1312.6114, appendix C.1). Exact where the data are 0 or 1; what lies between is not a probability of grey.
 */
export const bernoulli: Likelihood = {
  outputsPerNumber: 1,
  logProbability: (images, logits) =>
    tidy(() => sumOfEach(sub(mul(images, logits), softplus(logits)))),
  mean: (logits) => sigmoid(logits),
  sample: (logits, key) => bernoulliDistribution(logits).sample(key),
};
