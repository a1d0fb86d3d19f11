/**
 * An error of ONNX Runtime as one sentence that says where it happened and what to do.
 *
 * @param device where it computes, for people
 */
export function runtimeError(device: string, error: unknown): Error {
  if (error instanceof RuntimeError) return error; // told already
  const text = String((error as Error)?.message ?? error);
  return new RuntimeError(sentence(device, text), { cause: error });
}

class RuntimeError extends Error {}

function sentence(device: string, text: string): string {
  if (/device (was |is )?lost|DeviceLost|ERROR_DEVICE_LOST/i.test(text)) {
    return `The GPU was lost while computing on ${device} (its driver was reset, or it ran out of memory): start again, with a smaller batch or another device`;
  }
  if (/out of memory|bad_alloc|Failed to allocate|failed to map/i.test(text)) {
    return `There was not enough memory on ${device}: take a smaller batch, or another device`;
  }
  if (text.includes("Failed to get a WebGPU adapter")) {
    return "WebGPU finds no GPU here: on Linux it needs a Vulkan driver, the GPU maker's or Mesa 25 or later";
  }
  const missing = /Could not find an implementation for ([\w.]+)/.exec(text)?.[1];
  if (missing) {
    return `ONNX Runtime has no operator ${missing} for these types on ${device}: take another device for this computation`;
  }
  const failed = /Non-zero status code returned while running (\w+) node/.exec(text)?.[1];
  const reason = lastClause(text);
  return failed
    ? `The operator ${failed} failed on ${device}: ${reason}`
    : `ONNX Runtime failed on ${device}: ${reason}`;
}

/** What remains of a message without the places in ONNX Runtime's own sources. */
function lastClause(text: string): string {
  const line = text.split("\n").find((part) => part.trim() !== "") ?? text;
  return line
    .replace(/^.*?(?:was false\.|Status Message:|\[ONNXRuntimeError\] : \d+ : \w+ :)\s*/, "")
    .trim();
}
