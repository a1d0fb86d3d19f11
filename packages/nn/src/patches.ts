import { reshape, type Tensor, tidy, transpose } from "@gen/tensor";

/**
 * Cuts images into patches: [batch, height, width, channels] → [batch, patches, patch·patch·channels]. Patches run row
 * by row; within one, its numbers run by row, column, channel. The caller disposes of the result.
 *
 * @param patch divides height and width
 */
export function patchify(images: Tensor, patch: number): Tensor {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  if (images.rank !== 4 || height % patch !== 0 || width % patch !== 0) {
    throw new Error(
      `patchify: images must be [batch, height, width, channels] with sides that ${patch} divides, got [${images.shape.join(", ")}].`,
    );
  }
  const [rows, columns] = [height / patch, width / patch];
  return tidy(() => {
    const cut = reshape(images, [batch * rows, patch, columns, patch * channels]);
    return reshape(transpose(cut, [0, 2, 1, 3]), [batch, rows * columns, patch * patch * channels]);
  });
}

/**
 * The inverse of `patchify`: [batch, patches, patch·patch·channels] → [batch, height, width, channels]. The caller
 * disposes of the result.
 *
 * @param size the height and width of the images, which `patch` divides
 */
export function unpatchify(
  patches: Tensor,
  patch: number,
  size: [height: number, width: number],
): Tensor {
  const [rows, columns] = [size[0] / patch, size[1] / patch];
  const [batch, count, numbers] = patches.shape as [number, number, number];
  const channels = numbers / (patch * patch);
  if (patches.rank !== 3 || count !== rows * columns || !Number.isInteger(channels)) {
    throw new Error(
      `unpatchify: patches must be [batch, ${rows * columns}, ${patch * patch}·channels] for ${size.join(" × ")} images, got [${patches.shape.join(", ")}].`,
    );
  }
  return tidy(() => {
    const cut = reshape(patches, [batch * rows, columns, patch, patch * channels]);
    return reshape(transpose(cut, [0, 2, 1, 3]), [batch, size[0], size[1], channels]);
  });
}
