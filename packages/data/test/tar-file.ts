export interface Member {
  path: string;
  contents?: Uint8Array | string;
  type?: string;
  /** Overrides the size that the header says. */
  size?: number;
  prefix?: string;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A ustar archive of these members, ended by two empty blocks. */
export function tarOf(...members: Member[]): Uint8Array {
  const blocks = members.flatMap(({ path, contents = "", type = "0", size, prefix = "" }) => {
    const data = typeof contents === "string" ? encode(contents) : contents;
    const header = new Uint8Array(512);
    header.set(encode(path).subarray(0, 100), 0);
    header.set(encode("0000644\0"), 100);
    header.set(encode(`${(size ?? data.length).toString(8).padStart(11, "0")}\0`), 124);
    header.set(encode("        "), 148);
    header.set(encode(type), 156);
    header.set(encode("ustar\x0000"), 257);
    header.set(encode(prefix), 345);
    const sum = header.reduce((a, b) => a + b, 0);
    header.set(encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    const padded = new Uint8Array(Math.ceil(data.length / 512) * 512);
    padded.set(data);
    return [header, padded];
  });
  blocks.push(new Uint8Array(1024));
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}
