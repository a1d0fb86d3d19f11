import { sameShape, sizeOf } from "../graph.ts";
import {
  addressOf,
  bytesPerElement,
  type CApi,
  cStrings,
  hostArray,
  type Pointer,
  type RunCall,
} from "./c-api.ts";
import { type Data, type HostData, isHost } from "./data.ts";
import { NativeTensor } from "./native-tensor.ts";
import type { LoadableModel, Run, RuntimeTensor, Series } from "./runtime.ts";

/** Runs whose values are in place, to be made by any thread, one after the other. */
export interface Prepared<R> {
  readonly calls: readonly RunCall[];
  /** What the values point into, which has to stay alive as long. */
  readonly memory: unknown;
  /** What they made, after them. */
  results(): R;
  /** To be called after them, whatever became of them: frees what they took, and what they made if nobody has asked. */
  end(): void;
}

/** Puts the values of a session's runs in place. */
export interface Preparation {
  run(run: Run): Prepared<Data[]>;
  series(series: Series): Prepared<Data[]>;
}

export function preparation(api: CApi, session: Pointer, model: LoadableModel): Preparation {
  const { outputs, inPlace = [] } = model;
  const inputNames = cStrings(model.inputs);
  const outputNames = cStrings(outputs.map(({ name }) => name));
  /** The shapes that the inputs had last, as the C API takes them. */
  const shapes: { shape: readonly number[]; sizes: BigInt64Array }[] = [];
  const sizesOf = (input: number, shape: readonly number[]): BigInt64Array => {
    const known = shapes[input];
    if (known && sameShape(known.shape, shape)) return known.sizes;
    const sizes = BigInt64Array.from(shape, BigInt);
    shapes[input] = { shape, sizes };
    return sizes;
  };

  /** The value of an input; one that is for these runs alone goes to `passing`. */
  const valueOf = (tensor: RuntimeTensor, input: number, passing: Pointer[]): Pointer => {
    const { data, shape, type, offset = 0 } = tensor;
    const own = isHost(data) ? undefined : (data as NativeTensor).valueFor(tensor);
    if (own !== undefined) return own;
    const from = isHost(data) ? addressOf(data) : (data as NativeTensor).address;
    const size = bytesPerElement(type);
    const bytes = shape.reduce((product, n) => product * n, size);
    const at = offset === 0 ? from : from + BigInt(offset * size);
    const value = api.tensor(at, bytes, sizesOf(input, shape), type);
    passing.push(value);
    return value;
  };
  const callOf = (inputs: BigUint64Array): RunCall => ({
    session,
    inputNames: inputNames.address,
    inputs,
    outputNames: outputNames.address,
    outputs: new BigUint64Array(outputs.length),
  });
  /** The inputs that results are written over, by the result. */
  const overwritten = ({ inputs, overwrite }: Run): Map<number, Overwritten> =>
    new Map(
      inPlace.flatMap(({ output, input }) => {
        const { data } = inputs[input]!;
        return overwrite?.has(input) && !isHost(data)
          ? [[output, { input, tensor: data as NativeTensor }]]
          : [];
      }),
    );

  return {
    run(given) {
      const passing: Pointer[] = [];
      const call = callOf(
        BigUint64Array.from(given.inputs, (tensor, i) => valueOf(tensor, i, passing)),
      );
      const kept = overwritten(given);
      for (const [output, { input }] of kept) call.outputs[output] = call.inputs[input]!;
      let asked = false;
      return {
        calls: [call],
        memory: given.inputs,
        results() {
          asked = true;
          return outputs.map(
            ({ type, shape }, i) =>
              kept.get(i)?.tensor.overwritten() ??
              new NativeTensor(api, call.outputs[i]!, type, shape as readonly number[]),
          );
        },
        end() {
          for (const value of passing) api.releaseValue(value);
          if (asked) return;
          call.outputs.forEach((value, i) => value && !kept.has(i) && api.releaseValue(value));
        },
      };
    },

    series({ count, inputs, moving, carried, overwrite }) {
      const passing: Pointer[] = [];
      const kept = overwritten({ inputs, overwrite });
      const last = new Set(carried.map(({ output }) => output));
      // What is carried lies in two places in turn, unless it is written over what it was made of.
      const places = outputs.map(({ type, shape }, i): Places | undefined => {
        if (kept.has(i)) return undefined;
        const length = last.has(i) ? 2 : count;
        const size = sizeOf(shape as number[]);
        const data = hostArray(type, length * size);
        const bytes = size * bytesPerElement(type);
        const sizes = BigInt64Array.from(shape as number[], BigInt);
        const values = Array.from({ length }, (_, place) =>
          api.tensor(addressOf(data) + BigInt(place * bytes), bytes, sizes, type),
        );
        passing.push(...values);
        return { data, size, values };
      });
      const sources = new Map(carried.map(({ output, input }) => [input, output]));
      const calls: RunCall[] = [];
      for (let run = 0; run < count; run++) {
        const before = calls[run - 1];
        const call = callOf(
          BigUint64Array.from(inputs, (tensor, i) => {
            const source = sources.get(i);
            if (before && source !== undefined) return before.outputs[source]!;
            if (before && !moving.has(i)) return before.inputs[i]!;
            const offset = moving.has(i) ? run * sizeOf(tensor.shape) : 0;
            return valueOf({ ...tensor, offset: (tensor.offset ?? 0) + offset }, i, passing);
          }),
        );
        places.forEach((place, i) => {
          call.outputs[i] = place
            ? place.values[run % place.values.length]!
            : call.inputs[kept.get(i)!.input]!;
        });
        calls.push(call);
      }
      return {
        calls,
        memory: [inputs, places],
        results: () =>
          outputs.map((_, i) => {
            const place = places[i];
            if (!place) return kept.get(i)!.tensor.overwritten();
            const { data, size } = place;
            if (!last.has(i)) return data;
            const at = (count - 1) % 2;
            return data.slice(at * size, (at + 1) * size) as HostData;
          }),
        end() {
          for (const value of passing) api.releaseValue(value);
        },
      };
    },
  };
}

interface Overwritten {
  readonly input: number;
  readonly tensor: NativeTensor;
}

/** Where the results of a series are put: so many numbers for each of the values, one after the other. */
interface Places {
  readonly data: HostData;
  readonly size: number;
  readonly values: readonly Pointer[];
}
