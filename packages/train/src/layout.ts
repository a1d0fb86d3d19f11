import { concat, reshape, splitTensor, type Tensor } from "@gen/tensor";

/**
 * How named tensors lie one after the other in one flat vector [P]. Working on that vector takes a few large
 * operations where working tensor by tensor takes many small ones.
 */
export class Layout {
  /** The names, in their order in the vector. */
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly sizes: readonly number[];
  /** P, the length of the vector. */
  readonly size: number;

  /** @param tensors float32 tensors by name; only their names and shapes are kept */
  constructor(tensors: Record<string, Tensor>) {
    for (const [name, { dtype }] of Object.entries(tensors)) {
      if (dtype !== "float32") {
        throw new Error(`Layout: tensors must be float32, got ${name} of ${dtype}; leave it out`);
      }
    }
    this.names = Object.keys(tensors);
    if (this.names.length === 0) throw new Error("Layout: expected at least one tensor, got none");
    this.shapes = Object.values(tensors).map((tensor) => tensor.shape.slice());
    this.sizes = Object.values(tensors).map((tensor) => tensor.size);
    this.size = this.sizes.reduce((sum, size) => sum + size, 0);
  }

  /**
   * Joins tensors into the vector.
   *
   * @param tensors at least those of this layout, by name
   * @returns [P]; the caller disposes of it
   */
  flatten(tensors: Record<string, Tensor>): Tensor {
    const pieces = this.names.map((name, i) => {
      const tensor = tensors[name];
      if (!tensor) throw new Error(`Layout.flatten: expected a tensor named ${name}, got none`);
      if (tensor.size !== this.sizes[i]) {
        throw new Error(
          `Layout.flatten: ${name} must have shape [${this.shapes[i]}], got [${tensor.shape}]`,
        );
      }
      return reshape(tensor, [tensor.size]);
    });
    const flat = concat(pieces);
    for (const piece of pieces) piece.dispose();
    return flat;
  }

  /**
   * Takes the vector apart.
   *
   * @param flat [P]
   * @returns the tensors by name, each in its shape; the caller disposes of them
   */
  unflatten(flat: Tensor): Record<string, Tensor> {
    const pieces = splitTensor(flat, [...this.sizes]);
    const tensors: Record<string, Tensor> = {};
    this.names.forEach((name, i) => {
      const piece = pieces[i] as Tensor;
      tensors[name] = reshape(piece, [...(this.shapes[i] as number[])]);
      piece.dispose();
    });
    return tensors;
  }
}
