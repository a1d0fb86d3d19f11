import { Key } from "@gen/random";
import {
  dispose,
  engine,
  type KernelBackend,
  keep,
  type Tensor,
  type Variable,
} from "@tensorflow/tfjs-core";
import { recordCall } from "./record-call.ts";
import {
  isRecording,
  type ModelRecording,
  type ModelTensor,
  type RecordingBackend,
} from "./recording.ts";
import { mapStructure } from "./structure.ts";

export interface OnnxExportOptions {
  /**
   * Names in the file: of the tensors of `inputs` in order, then of what is drawn from keys (by default `input0`, …,
   * `draw0`, …), and of the tensors of the result (`output0`, …).
   */
  names?: { readonly inputs?: readonly string[]; readonly outputs?: readonly string[] };
  /** Variables by name, as `state` of `@gen/nn` gives them; the others have names of their own. */
  weights?: Readonly<Record<string, Variable>>;
  /**
   * Leaves the size of the first axis open, "batch" in the file: of every input that has axes, or of those named here.
   */
  dynamicBatch?: boolean | readonly string[];
  /**
   * Writes the weights into a file of their own, of this name, which must lie beside the model. Without it they are
   * inside; a model of more than 2 GB cannot have them there.
   */
  weightsFile?: string;
  /** Texts to store in the file. */
  metadata?: Readonly<Record<string, string>>;
}

/** A model in the ONNX format: version 10, operator set 21, ONNX's own operators only. */
export interface OnnxExport {
  /** The bytes of the .onnx file. */
  readonly model: Uint8Array;
  /** Those of the file beside it, a safetensors file, if one was asked for. */
  readonly weights: Uint8Array | undefined;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
}

/**
 * At these batch sizes a function is recorded that is to work at any: large, so that none of them is the size of anything
 * else, and prime or with many divisors, so that a function that asks what divides the batch is found out.
 */
const probes = [37, 41, 120];

/**
 * Writes any function of tensors as an ONNX model, which runs wherever ONNX does. The function is called with tensors
 * that have no numbers, and what it does is recorded: it needs the `onnx` backend. The variables that it reads are the
 * model's weights, as they are now. Whatever it draws from keys is an input of the model, in the order of the drawing:
 * standard normal numbers if it draws `normal`, and so on.
 *
 * With `dynamicBatch` it is recorded at three batch sizes. Sizes in the graph that grow with the batch are computed in
 * the model; everything else must be equal.
 *
 * @param fn takes and gives tensors, keys, plain values, and arrays and plain objects of them
 * @param inputs what it is called with; of the tensors, only types and shapes count
 * @returns the bytes of the file or files, and what the model takes and gives
 * @throws if the backend cannot record; if the function reads values, creates or assigns variables, uses an operation
 *   that ONNX's own operators have no form for, or is not the same for every batch size; if names are missing or taken;
 *   if more than 2 GB would be in one file
 */
export async function exportOnnx<A extends unknown[]>(
  fn: (...args: A) => unknown,
  inputs: readonly [...A],
  options: OnnxExportOptions = {},
): Promise<OnnxExport> {
  const backend = recordingBackend();
  const { names = {}, weightsFile, metadata } = options;
  const batchSizes = options.dynamicBatch ? probes : [0];
  const recorded = batchSizes.map((batch) =>
    recordAt(batch, backend, fn as (...args: unknown[]) => unknown, inputs, options),
  );
  const { resultCount } = recorded[0] as Recorded;
  const outputNames = Array.from(
    { length: resultCount },
    (_, i) => names.outputs?.[i] ?? `output${i}`,
  );
  checkNames("outputs", names.outputs, resultCount, resultCount);
  return backend.writeModel(
    recorded.map(({ recording }) => recording),
    { batchSizes, outputNames, weightsFile, metadata },
  );
}

function recordingBackend(): RecordingBackend & KernelBackend {
  const { backend, backendName } = engine();
  if (!isRecording(backend)) {
    throw new Error(
      `exportOnnx: the backend "${backendName}" does not record what it computes; choose the engine with useBackend("onnx")`,
    );
  }
  return backend;
}

interface Recorded {
  recording: ModelRecording;
  resultCount: number;
}

/** @param batch the size of the open axes, if there are any */
function recordAt(
  batch: number,
  backend: RecordingBackend & KernelBackend,
  fn: (...args: unknown[]) => unknown,
  inputs: readonly unknown[],
  { names = {}, weights = {}, dynamicBatch = false }: OnnxExportOptions,
): Recorded {
  const recording = backend.startModel();
  const blanks: Tensor[] = [];
  let [taken, drawn] = [0, 0];
  const open = new Set<string>();
  const nameOf = (usual: string): string => {
    const given = names.inputs?.[taken];
    taken++;
    return given ?? usual;
  };

  const call = (): unknown => {
    const inside = mapStructure(
      inputs,
      (leaf) => {
        if (leaf instanceof Key) return leaf;
        const name = nameOf(`input${taken}`);
        const isOpen = Array.isArray(dynamicBatch) ? dynamicBatch.includes(name) : dynamicBatch;
        const shape = isOpen && leaf.rank > 0 ? [batch, ...leaf.shape.slice(1)] : leaf.shape;
        if (shape !== leaf.shape) open.add(name);
        const blank = keep(engine().makeTensorFromTensorInfo(recording.blank(shape, leaf.dtype)));
        blanks.push(blank);
        recording.input(blank, name);
        return blank;
      },
      "inputs",
    ) as unknown[];
    checkOpen(dynamicBatch, open);
    for (const [name, variable] of weightsByName(weights)) recording.weight(variable, name);
    return fn(...inside);
  };
  const bind = (tensor: Tensor): void => recording.input(tensor, nameOf(`draw${drawn++}`));
  try {
    const name = fn.name || "the exported function";
    const kind = "an exported function";
    const { resultCount, assigned } = recordCall(call, recording, {
      name,
      kind,
      trace: { bind, whole: true },
    });
    if (assigned.length > 0) {
      throw new Error(
        `exportOnnx: ${name} assigns the variable ${assigned[0]?.name}, and a model file has no state: export it as it is used after training`,
      );
    }
    if (resultCount === 0) {
      throw new Error(`exportOnnx: ${name} returns no tensor, and a model needs an output`);
    }
    checkNames("inputs", names.inputs, taken - drawn, taken);
    return { recording, resultCount };
  } finally {
    dispose(blanks);
  }
}

/** All variables: those without a name from the caller go by their own. */
function weightsByName(weights: Readonly<Record<string, Variable>>): [string, Variable][] {
  const named = new Set(Object.values(weights));
  const others = Object.values(engine().registeredVariables).filter((v) => !named.has(v));
  return [
    ...others.map((variable): [string, Variable] => [`variable.${variable.name}`, variable]),
    ...Object.entries(weights),
  ];
}

function checkOpen(dynamicBatch: boolean | readonly string[], open: ReadonlySet<string>): void {
  if (dynamicBatch === false) return;
  const missing = dynamicBatch === true ? [] : dynamicBatch.filter((name) => !open.has(name));
  if (missing.length > 0) {
    throw new Error(
      `exportOnnx: dynamicBatch names ${missing.join(", ")}, which is no input with axes`,
    );
  }
  if (open.size === 0) {
    throw new Error("exportOnnx: dynamicBatch needs an input with a first axis; there is none");
  }
}

function checkNames(
  what: string,
  names: readonly string[] | undefined,
  least: number,
  most: number,
): void {
  if (!names || (names.length >= least && names.length <= most)) return;
  const wanted = least === most ? String(most) : `${least} (or ${most} with what is drawn)`;
  throw new Error(
    `exportOnnx: names.${what} has ${names.length} names, and there are ${wanted} ${what}`,
  );
}
