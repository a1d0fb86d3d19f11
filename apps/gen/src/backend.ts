import { type BackendChoice, type BackendName, type OnnxDevice, useBackend } from "@gen/tensor";
import { misuse } from "./failure.ts";
import type { Output } from "./output.ts";

/** The options --backend and --device, where given. */
export interface WantedBackend {
  backend?: string | undefined;
  device?: string | undefined;
}

/** Chooses the backend and says which, where and why. */
export async function chooseBackend(
  { backend, device }: WantedBackend,
  output: Output,
): Promise<BackendChoice> {
  let choice: BackendChoice;
  try {
    choice = await useBackend(backend as BackendName | undefined, {
      ...(device !== undefined && { device: device as OnnxDevice }),
    });
  } catch (error) {
    const { GEN_BACKEND, GEN_DEVICE } = process.env;
    if ((backend ?? device ?? GEN_BACKEND ?? GEN_DEVICE) === undefined) throw error;
    throw misuse(error instanceof Error ? error.message : String(error));
  }
  output.say(describeChoice(choice));
  output.event("backend", { ...choice });
  return choice;
}

/** «Backend: onnx on cpu (2 threads); passed over: …» */
export function describeChoice(choice: BackendChoice): string {
  const over = choice.passedOver.map(({ name, reason }) => `\n    not ${name}: ${reason}`).join("");
  return `Backend: ${choice.name} on ${choice.device}${over}`;
}
