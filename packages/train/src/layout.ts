import { clone, concat, reshape, splitTensor, type Tensor } from "@gen/tensor";

/** Tensors of fewer numbers than this are joined. */
const large = 8192;

/** Some of the tensors of a layout, handled as one tensor. */
export interface Group {
  /** The name of its one tensor, or "small". */
  readonly name: string;
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly sizes: readonly number[];
  /** Of the group as a tensor: that of its one tensor, or [n], all small ones one after the other. */
  readonly shape: readonly number[];
}

/**
 * How named tensors are handled in groups: each large one by itself, all small ones joined. Tensor by tensor, the many
 * small ones would take as many operations; all in one vector, each operation would pass over all of the memory.
 */
export class Layout {
  /** All names, in the order in which they were given. */
  readonly names: readonly string[];
  readonly groups: readonly Group[];

  /** @param tensors float32 tensors by name; only their names and shapes are kept */
  constructor(tensors: Record<string, Tensor>) {
    for (const [name, { dtype }] of Object.entries(tensors)) {
      if (dtype !== "float32") {
        throw new Error(`Layout: tensors must be float32, got ${name} of ${dtype}; leave it out`);
      }
    }
    this.names = Object.keys(tensors);
    if (this.names.length === 0) throw new Error("Layout: expected at least one tensor, got none");
    const all = Object.entries(tensors);
    const small = all.filter(([, { size }]) => size < large);
    const groups = all
      .filter(([, { size }]) => size >= large)
      .map((entry) => groupOf(entry[0], [entry]));
    let joined = "small";
    while (groups.some(({ name }) => name === joined)) joined += "'";
    if (small.length > 0) groups.push(groupOf(joined, small, true));
    this.groups = groups;
  }

  /**
   * @param tensors at least those of this layout, by name
   * @returns a tensor for each group; the caller disposes of them
   */
  flatten(tensors: Record<string, Tensor>): Tensor[] {
    return this.groups.map(({ names, shapes, sizes, shape }) => {
      const members = names.map((name, i) => {
        const tensor = tensors[name];
        if (!tensor) throw new Error(`Layout.flatten: expected a tensor named ${name}, got none`);
        if (tensor.size !== sizes[i]) {
          throw new Error(
            `Layout.flatten: ${name} must have shape [${shapes[i]}], got [${tensor.shape}]`,
          );
        }
        return tensor;
      });
      if (isAlone({ names, shape, shapes })) return clone(members[0] as Tensor);
      const pieces = members.map((tensor) => reshape(tensor, [tensor.size]));
      const joined = concat(pieces);
      for (const piece of pieces) piece.dispose();
      return joined;
    });
  }

  /**
   * Takes the groups apart.
   *
   * @param groups a tensor for each
   * @returns the tensors by name, each in its shape; the caller disposes of them
   */
  unflatten(groups: readonly Tensor[]): Record<string, Tensor> {
    const tensors: Record<string, Tensor> = {};
    this.groups.forEach((group, g) => {
      const whole = groups[g] as Tensor;
      if (isAlone(group)) {
        tensors[group.names[0] as string] = clone(whole);
        return;
      }
      const pieces = splitTensor(whole, [...group.sizes]);
      group.names.forEach((name, i) => {
        const piece = pieces[i] as Tensor;
        tensors[name] = reshape(piece, [...(group.shapes[i] as number[])]);
        piece.dispose();
      });
    });
    return Object.fromEntries(this.names.map((name) => [name, tensors[name] as Tensor]));
  }
}

function groupOf(
  name: string,
  members: readonly (readonly [string, Tensor])[],
  joined = false,
): Group {
  const sizes = members.map(([, { size }]) => size);
  return {
    name,
    names: members.map(([member]) => member),
    shapes: members.map(([, { shape }]) => shape.slice()),
    sizes,
    shape: joined ? [sizes.reduce((sum, size) => sum + size, 0)] : members[0]![1].shape.slice(),
  };
}

/** Whether a group is its one tensor as it is. */
function isAlone({ names, shape, shapes }: Pick<Group, "names" | "shape" | "shapes">): boolean {
  return names.length === 1 && shape.length === shapes[0]?.length;
}
