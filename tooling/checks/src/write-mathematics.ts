// Writes docs/mathematics.md from the rows in docs/mathematics/: `pnpm mathematics`.
import { writeFileSync } from "node:fs";
import { mathematicsFile, mathematicsText, readRows, readSections } from "./mathematics.ts";

writeFileSync(mathematicsFile, mathematicsText(readSections(), readRows()));
