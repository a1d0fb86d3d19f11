// `pnpm --filter @gen/backend-onnx kernels`: writes docs/kernels.md.
import { writeFileSync } from "node:fs";
import { kernelTable } from "./kernel-table.ts";

writeFileSync(new URL("../../../docs/kernels.md", import.meta.url), kernelTable());
