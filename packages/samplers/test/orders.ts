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
