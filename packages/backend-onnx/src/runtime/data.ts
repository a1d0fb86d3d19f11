/** Host memory of a tensor. Booleans are bytes; 64-bit integers occur only in constants. */
export type HostData = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** Numbers that are not in host memory: on a device, or still being computed. They never change. */
export interface Held {
  /** @throws where they cannot be had at once, saying what to do instead */
  readSync(): HostData;
  read(): Promise<HostData>;
  /** Frees them, once what was started before has used them. */
  dispose(): void;
}

/** The numbers of a tensor, wherever they are. Nobody changes them: many tensors may share them. */
export type Data = HostData | Held;

export function isHost(data: Data | undefined): data is HostData {
  return ArrayBuffer.isView(data);
}
