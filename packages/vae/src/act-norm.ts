import { parameter } from "@gen/nn";
import {
  add,
  broadcastTo,
  exp,
  log,
  maximum,
  mean,
  mul,
  neg,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  type Variable,
} from "@gen/tensor";
import type { Bijector, Transformed } from "./bijector.ts";

/**
 * A learnt scale and shift of each feature, y = (x − shift)·exp(log_scale): the inverse-free stand-in for the batch norm
 * of RealNVP, started so that a first batch comes out with mean 0 and variance 1 (Kingma and Dhariwal 2018,
 * arXiv:1807.03039, section 3.1).
 */
export class ActNorm implements Bijector {
  readonly shift: Variable;
  readonly log_scale: Variable;

  constructor(features: number) {
    this.shift = parameter(new Float32Array(features), [features]);
    this.log_scale = parameter(new Float32Array(features), [features]);
  }

  forward(x: Tensor): Transformed {
    return tidy(() => ({
      value: mul(sub(x, this.shift), exp(this.log_scale)),
      logDeterminant: broadcastTo(sum(this.log_scale), [x.shape[0] as number]),
    }));
  }

  inverse(z: Tensor): Transformed {
    return tidy(() => ({
      value: add(mul(z, exp(neg(this.log_scale))), this.shift),
      logDeterminant: broadcastTo(neg(sum(this.log_scale)), [z.shape[0] as number]),
    }));
  }

  start(x: Tensor): void {
    tidy(() => {
      const centre = mean(x, 0);
      const deviation = sqrt(mean(square(sub(x, centre)), 0));
      this.shift.assign(centre);
      this.log_scale.assign(neg(log(maximum(deviation, 1e-6))));
    });
  }
}
