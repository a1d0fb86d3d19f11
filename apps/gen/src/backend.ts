import { type BackendChoice, type BackendName, useBackend } from "@gen/tensor";
import { misuse } from "./failure.ts";
import type { Output } from "./output.ts";

/** Chooses the backend and says which, where and why. */
export async function chooseBackend(
  name: string | undefined,
  output: Output,
): Promise<BackendChoice> {
  let choice: BackendChoice;
  try {
    choice = await useBackend(name as BackendName | undefined);
  } catch (error) {
    if (name === undefined && process.env["GEN_BACKEND"] === undefined) throw error;
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
