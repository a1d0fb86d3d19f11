import { readFileSync } from "node:fs";
import { grad, sum, type Tensor, tensor1d, tidy } from "../src/index.ts";
import { type Case, derivatives, numbers, ops, silu, withoutGradient } from "./gradient-cases.ts";

const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8")) as T;

/** Derivatives by central differences in float64: those of PyTorch's values, not of its gradients. */
type Differences = Pick<Case, "name" | "first" | "second" | "secondDy">;

/** Maximum relative errors of the derivatives of an operation, or why the backend has it not. */
export type Row = { name: string } & ({ first: number; second: number } | { missing: string });

export interface GradientTable {
  rows: Row[];
  /** Operations whose gradient is refused: the error, and the reason. */
  refused: { name: string; error: string; reason: string }[];
  worst: { first: number; second: number };
}

/** Compares first and second derivatives of every operation on the backend in use with central differences. */
export async function gradientTable(): Promise<GradientTable> {
  const cases = fixture<Case[]>("gradients.json");
  const differences = fixture<Differences[]>("gradient-differences.json");
  const rows: Row[] = [];
  for (const [i, { name, inputs, shape }] of cases.entries()) {
    rows.push(await compare(name, inputs.map(numbers), shape, differences[i] as Differences));
  }
  rows.push(await siluAt());
  const refused = Object.entries(withoutGradient).map(([name, { op, reason }]) => ({
    name,
    reason,
    error: refusal(() => grad((x: Tensor) => sum(op(x)))(tensor1d([1, 2, 3, 4, 5, 6]))),
  }));
  const worstOf = (order: "first" | "second"): number =>
    Math.max(
      ...rows.map((row) => (order in row ? (row as { first: number; second: number })[order] : 0)),
    );
  return { rows, refused, worst: { first: worstOf("first"), second: worstOf("second") } };
}

async function compare(
  name: string,
  xs: Tensor[],
  shape: number[],
  expected: Differences,
): Promise<Row> {
  try {
    const ours = derivatives(ops[name]!, xs, shape);
    const first = await errors(ours.first, expected.first);
    const second = await errors(
      [...ours.second, ours.secondDy],
      [...expected.second, expected.secondDy],
    );
    return { name, first, second };
  } catch (error) {
    const { message } = error as Error;
    if (!/^Kernel '\w+' not registered/.test(message)) throw new Error(name, { cause: error });
    return { name, missing: message.split(".")[0] as string };
  }
}

/** The example of the README, from its closed form: silu' and silu'' at 0.7. */
async function siluAt(): Promise<Row> {
  const x = 0.7;
  const s = 1 / (1 + Math.exp(-x));
  const slope = s * (1 - s);
  const first = (z: Tensor): Tensor => grad((t: Tensor) => sum(silu(t)))(z);
  const second = grad((z: Tensor) => sum(first(z)))(tensor1d([x]));
  const at = (await second.data())[0] as number;
  return {
    name: `silu'' at 0.7 is ${at.toFixed(6)}`,
    first: await errors([first(tensor1d([x]))], [[s + x * slope]]),
    second: await errors([second], [[2 * slope + x * slope * (1 - 2 * s)]]),
  };
}

/** The largest difference relative to the largest number of its tensor; absolute where that is zero (null). */
async function errors(ours: Tensor[], expected: (number[] | null)[]): Promise<number> {
  let worst = 0;
  for (const [i, tensor] of ours.entries()) {
    const data = await tensor.data();
    const numbersOf = expected[i];
    const scale = numbersOf ? Math.max(1e-30, ...numbersOf.map(Math.abs)) : 1;
    data.forEach((value, j) => {
      const error = Math.abs(value - (numbersOf?.[j] ?? 0)) / scale;
      if (!(error <= worst)) worst = error; // NaN wins
    });
    tensor.dispose();
  }
  return worst;
}

function refusal(differentiate: () => Tensor): string {
  try {
    tidy(differentiate);
  } catch (error) {
    return (error as Error).message.split("\n")[0] as string;
  }
  return "";
}
