// Runs the benchmark from its sources: nothing has to be built.
import { register } from "node:module";
import { register as registerTypeScript } from "tsx/esm/api";

register("./source-condition.mjs", import.meta.url);
registerTypeScript();
await import("../../apps/bench/src/main.ts");
