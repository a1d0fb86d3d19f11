import type { Denoiser } from "../denoiser.ts";

/** @throws unless both denoisers stand on one path */
export function checkSamePath(
  name: string,
  one: Pick<Denoiser, "path">,
  other: Pick<Denoiser, "path">,
): void {
  if (one.path.name !== other.path.name || one.path.end !== other.path.end) {
    throw new Error(
      `${name}: both denoisers must stand on one path, got ${one.path.name} to ${one.path.end} and ` +
        `${other.path.name} to ${other.path.end}; bring one to the other's with onPath`,
    );
  }
}
