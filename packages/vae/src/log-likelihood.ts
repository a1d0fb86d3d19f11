import { iwae } from "@gen/probability";
import {
  compile,
  concat,
  dispose,
  foldIn,
  type Key,
  mul,
  settle,
  type Tensor,
  tidy,
} from "@gen/tensor";
import { type ImportanceOptions, importanceWeights } from "./importance-weights.ts";

export interface LogLikelihoodOptions extends ImportanceOptions {
  /** Samples in memory at once; 50. Divides `samples`. */
  readonly atOnce?: number;
}

/**
 * log p(x) of each example by importance sampling: the bound of `iwae` with very many samples, 5000 in the paper (Burda
 * et al. 2016, arXiv:1509.00519, section 5), 500 as papers after it report it. From below in expectation.
 *
 * @returns [batch] in nats; the caller disposes of it
 * @throws if `atOnce` does not divide `samples`
 */
export async function logLikelihood(options: LogLikelihoodOptions): Promise<Tensor> {
  const { model, images, key, condition, samples, atOnce = Math.min(50, samples) } = options;
  const parts = samples / atOnce;
  if (!(Number.isInteger(parts) && parts > 0 && Number.isInteger(atOnce))) {
    throw new Error(
      `logLikelihood: atOnce must be a whole number that divides samples, got ${atOnce} and ${samples}`,
    );
  }
  const weigh = compile(
    (x: Tensor, k: Key, label: Tensor | undefined) =>
      importanceWeights({ model, images: x, key: k, condition: label, samples: atOnce }),
    { name: "logLikelihood" },
  );
  const weights: Tensor[] = [];
  try {
    for (let i = 0; i < parts; i++) {
      const part = weigh(images, foldIn(key, i), condition);
      weights.push(part);
      await settle(part);
    }
    return tidy(() => iwae(concat(weights, 0)));
  } finally {
    dispose(weights);
    weigh.dispose();
  }
}

/**
 * −log p(x), by `logLikelihood`: how surprising each example is to the model. In many dimensions a score far below the
 * usual is suspicious as well (Nalisnick et al. 2019, arXiv:1906.02994).
 *
 * @returns [batch] in nats; the caller disposes of it
 */
export async function anomalyScore(options: LogLikelihoodOptions): Promise<Tensor> {
  const log = await logLikelihood(options);
  try {
    return mul(log, -1);
  } finally {
    log.dispose();
  }
}
