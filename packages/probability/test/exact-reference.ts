import { fixture } from "@gen/testing";

/** What tooling/reference/probability_exact.py wrote: SciPy's and scikit-learn's values. */
export const reference: {
  gaussian: {
    mean: number[];
    covariance: number[][];
    points: number[][];
    logDensity: number[];
    score: number[][];
    entropy: number;
    otherMean: number[];
    otherCovariance: number[][];
    kl: number;
    crossEntropy: number;
    w2: number;
    conditionalMean: number[];
    conditionalCovariance: number[][];
  };
  bayes: {
    mean: number[];
    covariance: number[][];
    matrix: number[][];
    offset: number[];
    noise: number[][];
    y: number[];
    posteriorMean: number[];
    posteriorCovariance: number[][];
  };
  mixture: {
    means: number[][];
    covariances: number[][][];
    weights: number[];
    points: number[][];
    logDensity: number[];
    a: number;
    b: number;
    noisedLogDensity: number[];
    posteriorMean: number[][];
  };
  line: { entropy: number; kl: number; jensenShannon: number; totalVariation: number };
  transport: {
    x: number[][];
    y: number[][];
    columns: number[];
    cost: number;
    wide: number[][];
    wideColumns: number[];
    u: number[];
    v: number[];
    w1: number;
    epsilon: number;
    plan: number[][];
    sinkhornCost: number;
    entropicCost: number;
  };
  fits: {
    points: number[][];
    averageLogLikelihood: number;
    means: number[][];
    covariances: number[][][];
    weights: number[];
    data: number[][];
    noiseVariance: number;
    ppcaCovariance: number[][];
    ppcaLogLikelihood: number;
  };
} = fixture(import.meta.url, "fixtures/exact.json");
