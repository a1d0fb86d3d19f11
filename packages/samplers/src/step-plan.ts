import { type Path, type Prediction, predictionConversion } from "@gen/schedules";
import type { Key } from "@gen/tensor";
import { byCoefficient, type Evaluator, type Term } from "./evaluator.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** A value of a step that is not computed, only counted. */
export interface Token {
  readonly id: number;
}

/** What some steps will do, found out without computing anything. */
export interface StepPlan {
  /** Its operations and what they take: steps of equal structure differ only in numbers and keys. */
  readonly structure: string;
  /** The times and coefficients that it uses, in the order of their use. */
  readonly numbers: readonly number[];
  /** The keys of its noise, in the order of their use. */
  readonly keys: readonly Key[];
  /** The state after them; before them x is token 0 and the history tokens 1 …. */
  readonly after: SamplerState<Token>;
}

/** Runs steps on tokens. What they ask of the evaluator is exactly what they will ask of `evaluatorOn`. */
export function planSteps(
  sampler: Sampler,
  state: SamplerState<unknown>,
  model: { readonly path: Path; readonly prediction: Prediction },
  count = 1,
): StepPlan {
  const numbers: number[] = [];
  const keys: Key[] = [];
  const operations: string[] = [];
  let tokens = 0;
  const token = (): Token => ({ id: tokens++ });
  const made = (operation: string): Token => {
    operations.push(operation);
    return token();
  };
  const combine = (terms: readonly Term<Token>[]): Token => {
    const parts = byCoefficient(terms).map(([c, values]) => {
      const sum = values.map(({ id }) => id).join("+");
      if (c === 1) return sum;
      numbers.push(c);
      return `*(${sum})`;
    });
    return made(parts.join("+"));
  };
  const predicted = (name: string, x: Token, t: number, wanted: Prediction): Token => {
    numbers.push(t);
    const raw = made(`${name} ${x.id}`);
    return converted(x, raw, t, wanted);
  };
  const converted = (x: Token, raw: Token, t: number, wanted: Prediction): Token => {
    if (model.prediction === wanted) return raw;
    const conversion = predictionConversion(model.path, t, model.prediction, wanted);
    return combine([
      [conversion.input, x],
      [conversion.prediction, raw],
    ]);
  };
  const evaluator: Evaluator<Token> = {
    path: model.path,
    combine,
    predict: (x, t, wanted) => predicted("predict", x, t, wanted),
    predictWithVariance(x, t, wanted) {
      numbers.push(t);
      const raw = made(`predict both ${x.id}`);
      const variance = token();
      return { prediction: converted(x, raw, t, wanted), variance };
    },
    normal(_like, key, logStd) {
      keys.push(key);
      return made(`normal ${logStd?.id ?? ""}`);
    },
    errorNorm(error, x, y, absolute, relative) {
      numbers.push(absolute, relative);
      return made(`norm ${error.id} ${x.id} ${y.id}`);
    },
  };
  const x = token();
  const history = state.history?.map(token);
  const { history: _, ...rest } = state;
  const before: SamplerState<Token> = { ...rest, x, ...(history && { history }) };
  let after = before;
  for (let i = 0; i < count; i++) after = sampler.step(after, evaluator);
  const results = [after.x, ...(after.history ?? [])].map(({ id }) => id);
  const structure = `${history?.length ?? 0}: ${operations.join("; ")} = ${results.join()}`;
  return { structure, numbers, keys, after };
}
