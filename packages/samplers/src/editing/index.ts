export { ddimInversion } from "./ddim-inversion.ts";
export { inpaint, type Known } from "./inpaint.ts";
export { interpolate, lerp, slerp } from "./interpolate.ts";
export { repaintTimes, type RepaintOptions } from "./repaint-times.ts";
export { restartTimes, type RestartInterval } from "./restart-times.ts";
export { sdedit, type SdeditOptions } from "./sdedit.ts";
export { withJumps } from "./with-jumps.ts";
