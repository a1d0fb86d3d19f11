/**
 * Moves a time of the rectified-flow path towards noise: s·t / (1 + (s - 1)·t), which is sigmoid(logit t + ln s)
 * (Esser et al. 2024, arXiv:2403.03206, eq. 23, with s = √(m/n) for m pixels where n was tuned). 0 and 1 stay.
 *
 * @param t in [0, 1]
 * @param shift s above 0; 1 changes nothing
 * @throws if `t` or `shift` is out of range
 */
export function shiftedTime(t: number, shift: number): number {
  if (!(t >= 0 && t <= 1)) throw new Error(`shiftedTime: t must be in [0, 1], got ${t}`);
  if (!(shift > 0 && shift < Infinity)) {
    throw new Error(`shiftedTime: shift must be a positive number, got ${shift}`);
  }
  return (shift * t) / (shift * t + (1 - t));
}
