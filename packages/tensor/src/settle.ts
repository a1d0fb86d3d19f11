import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { isRecording } from "./recording.ts";

/**
 * Waits until tensors are computed. A backend that records operations computes here all that is recorded and alive;
 * on an eager backend this does nothing. A loop calls it once per step, so that its recording stays short.
 */
export async function settle(..._tensors: Tensor[]): Promise<void> {
  const backend = engine().backend;
  if (isRecording(backend)) await backend.settle();
}
