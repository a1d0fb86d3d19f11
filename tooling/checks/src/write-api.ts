// Writes api/*.api.txt from the built packages: `pnpm api`.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { apiFile, apiOf } from "./api.ts";
import { packages, root } from "./workspace.ts";

rmSync(new URL("api/", root), { recursive: true, force: true });
mkdirSync(new URL("api/", root));
for (const each of packages) writeFileSync(apiFile(each), apiOf(each));
