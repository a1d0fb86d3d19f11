// Runs the command line from its sources, in this very process: nothing has to be built, and a signal sent to this
// process is a signal to the program.
import { register } from "node:module";
import { register as registerTypeScript } from "tsx/esm/api";

register("./source-condition.mjs", import.meta.url);
registerTypeScript();
await import("../../apps/gen/src/main.ts");
