import { DiT, type Network, UNet, VelocityMLP } from "@gen/diffusion";
import type { Key } from "@gen/tensor";
import type { Workload } from "./workloads.ts";

/** The network of a workload, newly initialised. */
export function createNetwork(key: Key, { network: { kind, config } }: Workload): Network {
  if (kind === "UNet") return new UNet(key, config);
  return kind === "DiT" ? new DiT(key, config) : new VelocityMLP(key, config);
}
