import { convertIndexedToRgb, decode as decodePng, hasPngSignature } from "fast-png";
import { decode as decodeJpeg } from "jpeg-js";
import type { DecodedImage } from "@gen/data";

/** PNG or JPEG to pixels, without alpha. Both decoders are plain JavaScript: they run wherever Node does. */
export function decodeImage(bytes: Uint8Array): DecodedImage {
  if (hasPngSignature(bytes)) {
    const png = decodePng(bytes);
    const { width, height, depth } = png;
    if (png.palette) return { width, height, channels: 3, data: convertIndexedToRgb(png) };
    if (depth !== 8 && depth !== 16)
      throw new Error(`a PNG of ${depth} bits a number is not supported`);
    const all =
      depth === 8 ? Uint8Array.from(png.data) : Uint8Array.from(png.data, (value) => value >>> 8);
    return withoutAlpha(all, width, height, png.channels);
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    const { width, height, data } = decodeJpeg(bytes, { useTArray: true, formatAsRGBA: false });
    return { width, height, channels: 3, data };
  }
  throw new Error("it is neither PNG nor JPEG");
}

function withoutAlpha(
  data: Uint8Array,
  width: number,
  height: number,
  channels: number,
): DecodedImage {
  const colours = channels < 3 ? 1 : 3;
  if (channels === colours) return { width, height, channels, data };
  const kept = new Uint8Array(width * height * colours);
  for (let i = 0; i < kept.length; i++) {
    kept[i] = data[Math.floor(i / colours) * channels + (i % colours)] as number;
  }
  return { width, height, channels: colours, data: kept };
}
