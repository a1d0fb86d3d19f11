/** Host memory of a tensor. Booleans are bytes; 64-bit integers occur only in constants. */
export type HostData = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** Numbers that are not in host memory: on a device, or still being computed. They never change. */
export interface Held {
  /** @throws where they cannot be had at once, saying what to do instead */
  readSync(): HostData;
  read(): Promise<HostData>;
  /** Where they lie in the host's memory: the numbers themselves, to be read before they are freed. */
  view?(): HostData;
  /** Frees them, once what was started before has used them. */
  dispose(): void;
}

/** The numbers of a tensor, wherever they are. Nobody changes them: many tensors may share them. */
export type Data = HostData | Held;

/** The numbers, if they lie in the host's memory, for whoever reads them at once. */
export function viewOf(data: Data | undefined): HostData | undefined {
  return isHost(data) ? data : data?.view?.();
}

export function isHost(data: Data | undefined): data is HostData {
  return ArrayBuffer.isView(data);
}
