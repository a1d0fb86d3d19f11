import type { Weights } from "@gen/nn";
import { tensor, type Tensor } from "@gen/tensor";

/** An array of a fixture: float32 numbers in base64. */
export interface Packed {
  shape: number[];
  data: string;
}

export const numbersOf = ({ data }: Packed): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(data, "base64")).buffer);

export const unpack = (packed: Packed): Tensor => tensor(numbersOf(packed), packed.shape);

export const weightsOf = (packed: Record<string, Packed>): Record<string, Weights> =>
  Object.fromEntries(
    Object.entries(packed).map(([name, p]) => [name, { shape: p.shape, data: numbersOf(p) }]),
  );
