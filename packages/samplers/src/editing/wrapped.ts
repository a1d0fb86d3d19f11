import type { Key } from "@gen/tensor";
import type { SamplerState } from "../sampler.ts";

/** The key of a run. @throws if it has none */
export function keyOf<X>(name: string, { key }: SamplerState<X>): Key {
  if (!key) throw new Error(`${name}: it draws noise; give it a key, such as key(0)`);
  return key;
}

/** @throws for a sampler with step-size control, whose steps are attempts */
export function checkFixedSteps(
  name: string,
  sampler: { readonly name: string; readonly judge?: unknown },
): void {
  if (sampler.judge) {
    throw new Error(
      `${name}: the sampler must have fixed steps, got ${sampler.name}, which controls its step size; take heun`,
    );
  }
}
