import { measuredOrder } from "./measured-order.ts";
import { members } from "./members.ts";
import { mixture1D, mixture2D } from "./mixtures.ts";

const rows = members
  .filter(({ order }) => order !== undefined)
  .map((member) => {
    const [one, two] = [measuredOrder(member, mixture1D), measuredOrder(member, mixture2D)];
    return {
      solver: member.name,
      theoretical: member.order,
      "1-D": one.slope.toFixed(2),
      "2-D": two.slope.toFixed(2),
      error: two.error.toExponential(1),
    };
  });
console.table(rows);
console.log(
  "Slopes of the error from 324 to 480 steps (order 4: 480 to 640), summed over 8 points of each mixture.\n" +
    "On the trigonometric path from t = 0.85 to 0.15; order 5 from 0.98 to 0.02; lower start, which is the\n" +
    "default of multistep methods and bounds their order, from 0.5 to 0.25; σ even on EDM's from 3 to 0.6.",
);
