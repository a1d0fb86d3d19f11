import type { Path } from "@gen/schedules";
import { tensor, type Tensor } from "@gen/tensor";

/**
 * A function of each sample's time as a column [batch, 1, …] that multiplies x.
 *
 * @throws inside `compile`, where times cannot be read
 */
export function atTimes(path: Path, x: Tensor, t: Tensor, f: (time: number) => number): Tensor {
  // A float32 time may lie a rounding beyond the end.
  const values = hostTimes(t).map((time) => f(Math.min(time, path.end)));
  return tensor(values, [values.length, ...x.shape.slice(1).map(() => 1)], "float32");
}

/**
 * The times as plain numbers, which the driver made them from: nothing waits for a computation.
 *
 * @throws inside `compile`, where times cannot be read
 */
export function hostTimes(t: Tensor): number[] {
  try {
    return Array.from(t.dataSync());
  } catch (cause) {
    throw new Error(
      "predict: this denoiser computes with its times on the host, which cannot be compiled; " +
        "compile the model inside it, not the step around it",
      { cause },
    );
  }
}
