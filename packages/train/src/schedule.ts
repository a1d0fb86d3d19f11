/** A number for every step, as the learning rate. A pure function; steps count from 0. */
export type Schedule = (step: number) => number;

/** The same value at every step. */
export function constant(value: number): Schedule {
  return () => value;
}

export interface RampOptions {
  /** Value at step 0. */
  from: number;
  /** Value at step `steps` and ever after. */
  to: number;
  steps: number;
}

/** A straight line. */
export function linear({ from, to, steps }: RampOptions): Schedule {
  checkSteps("linear", steps);
  return (step) => from + (to - from) * Math.min(step / steps, 1);
}

/** Half a wave of the cosine: Loshchilov & Hutter 2017 (SGDR), equation 5, without restarts. */
export function cosine({
  from,
  to = 0,
  steps,
}: Omit<RampOptions, "to"> & { to?: number | undefined }): Schedule {
  checkSteps("cosine", steps);
  return (step) => to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(step / steps, 1)))) / 2;
}

export interface InverseSquareRootOptions {
  /** Value up to the reference step. */
  peak: number;
  /** The step from which the value falls. */
  reference: number;
}

/**
 * peak / √max(step / reference, 1): the decay of Karras et al. 2023 (EDM2). With `warmUp(reference, …)` it is the
 * schedule of Vaswani et al. 2017, equation 3.
 */
export function inverseSquareRoot({ peak, reference }: InverseSquareRootOptions): Schedule {
  checkSteps("inverseSquareRoot", reference);
  return (step) => peak / Math.sqrt(Math.max(step / reference, 1));
}

/** A schedule whose first `steps` values grow linearly, by the factor min((step + 1) / steps, 1). */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  checkSteps("warmUp", steps);
  return (step) => schedule(step) * Math.min((step + 1) / steps, 1);
}

/** One schedule for the first `steps` steps, then another that starts there at its own step 0. */
export function join(first: Schedule, steps: number, then: Schedule): Schedule {
  checkSteps("join", steps);
  return (step) => (step < steps ? first(step) : then(step - steps));
}

function checkSteps(name: string, steps: number): void {
  if (!(steps > 0)) {
    throw new Error(`${name}: the number of steps must be positive, got ${steps}`);
  }
}
