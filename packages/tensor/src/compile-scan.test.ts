import { expectClose } from "@gen/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  add,
  cast,
  compileScan,
  dispose,
  matMul,
  memory,
  mul,
  parallel,
  reshape,
  scalar,
  sum,
  type Tensor,
  tensor,
  tidy,
  useBackend,
  variable,
  zeros,
} from "./index.ts";

const numbers = async (t: Tensor): Promise<number[]> => {
  const values = [...(await t.data())];
  t.dispose();
  return values;
};

describe.for(["onnx", "cpu"] as const)("on %s", (backend) => {
  let before = 0;
  beforeEach(async () => {
    await useBackend(backend, backend === "onnx" ? { device: "cpu" } : {});
    before = memory().numTensors;
  });
  afterEach(() => {
    expect(memory().numTensors, "tensors left behind").toBe(before);
  });

  test("it is the loop: the carry goes on, rows come and go, variables keep what they were given", async () => {
    const total = tidy(() => variable(scalar(0), false));
    const scan = compileScan(
      ({ a, b }: { a: Tensor; b: Tensor }, [x]: [Tensor]) =>
        tidy(() => {
          total.assign(add(total, sum(x)));
          return [
            { a: add(a, x), b: mul(b, 2) },
            { made: mul(a, x), after: cast(total, "int32") },
          ];
        }) as unknown as [{ a: Tensor; b: Tensor }, { made: Tensor; after: Tensor }],
    );
    const xs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    for (const [call, start] of [
      [1, 1],
      [2, 100],
    ] as const) {
      const carry = { a: tensor([start, start]), b: scalar(1) };
      const rows = tensor(xs, [5, 2]);
      const [{ a, b }, { made, after }] = scan(carry, [rows]);
      dispose([carry, rows]);
      expect(made.shape).toEqual([5, 2]);
      expect(after.shape).toEqual([5]);
      expect(after.dtype).toBe("int32");
      const before = [0, 0, 1, 2, 4, 6, 9, 12, 16, 20].map((x) => x + start);
      expect(await numbers(made)).toEqual(xs.map((x, i) => x * before[i]!));
      expect(await numbers(a)).toEqual([start + 25, start + 30]);
      expect(await numbers(b)).toEqual([32]);
      const earlier = (call - 1) * 55;
      expect(await numbers(after)).toEqual([3, 10, 21, 36, 55].map((x) => x + earlier));
    }
    expect((await total.data())[0]).toBe(110);
    // The engine is asked once for all rows, and not once for each.
    expect(scan.stats.calls).toBe(backend === "onnx" ? 2 : 10);
    scan.dispose();
    total.dispose();
  });

  test("branches that carry on with their own go on by themselves; others wait for each other", async () => {
    for (const [own, calls] of [
      [true, 1],
      [false, 6],
    ] as const) {
      const scan = compileScan((carry: Tensor[], x: Tensor): [Tensor[], Tensor[]] => {
        const made = parallel(
          carry.map((_, i) => () => {
            const from = carry[own ? i : 1 - i]!;
            return tidy(
              () => [add(mul(from, 0.5), x), reshape(mul(from, 2), [1, 2])] as [Tensor, Tensor],
            );
          }),
        );
        return [made.map(([next]) => next), made.map(([, y]) => y)];
      });
      const carry = [tensor([1, 2]), tensor([3, 4])];
      const xs = tensor([1, 2, 3, 4, 5, 6]);
      const [last, ys] = scan(carry, xs);
      dispose([carry, xs]);
      let state = [
        [1, 2],
        [3, 4],
      ];
      const seen: number[][][] = [[], []];
      for (let x = 1; x <= 6; x++) {
        const from = own ? state : state.toReversed();
        from.forEach((each, i) => seen[i]!.push(each.map((n) => 2 * n)));
        state = from.map((each) => each.map((n) => n / 2 + x));
      }
      expect(ys.map(({ shape }) => shape)).toEqual([
        [6, 1, 2],
        [6, 1, 2],
      ]);
      for (const i of [0, 1]) {
        expectClose(await numbers(last[i]!), state[i]!, 1e-6);
        expectClose(await numbers(ys[i]!), seen[i]!.flat(), 1e-6);
      }
      expect(scan.stats.calls).toBe(backend === "onnx" ? calls : 6);
      scan.dispose();
    }
  });

  test("the same tensor may be carried and made, and a carry may be handed on as it is", async () => {
    const scan = compileScan(
      ([a, fixed]: [Tensor, Tensor], x: Tensor): [[Tensor, Tensor], Tensor] => {
        const next = tidy(() => matMul(add(a, x), fixed));
        return [[next, fixed], next];
      },
    );
    const carry: [Tensor, Tensor] = [tensor([[1, 0]]), tensor([0, 1, 1, 0], [2, 2])];
    const xs = tensor([1, 2, 3]);
    const [[last, fixed], ys] = scan(carry, xs);
    expect(await numbers(last)).toEqual([6, 7]);
    expect(await numbers(ys)).toEqual([1, 2, 4, 3, 6, 7]);
    expect(await numbers(fixed)).toEqual([0, 1, 1, 0]);
    dispose([carry, xs]);
    scan.dispose();
  });

  test("a variable may be the xs or the carry, share its numbers with another, or be read in another shape", async () => {
    const values = async (make: () => unknown): Promise<number[][]> => {
      const tensors = make() as Tensor[];
      return Promise.all(tensors.map(numbers));
    };
    const v = tidy(() => variable(tensor([[1], [2], [3]]), false));
    const asRows = compileScan((c: Tensor, x: Tensor): [Tensor, Tensor] =>
      tidy(() => {
        v.assign(add(v, 1));
        return [add(c, x), mul(sum(v), x)] as [Tensor, Tensor];
      }),
    );
    const zero = tensor([0]);
    expect(await values(() => asRows(zero, v))).toEqual([[6], [9, 24, 45]]);
    expect([...(await v.data())]).toEqual([4, 5, 6]);

    const w = tidy(() => variable(tensor([1, 2]), false));
    const asCarry = compileScan((c: Tensor, x: Tensor): [Tensor, Tensor] =>
      tidy(() => {
        const y = mul(c, 10);
        w.assign(add(w, x));
        return [mul(c, 2), add(w, y)] as [Tensor, Tensor];
      }),
    );
    const xs = tensor([1, 2, 3]);
    expect(await values(() => asCarry(w, xs))).toEqual([
      [8, 16],
      [12, 23, 24, 45, 47, 88],
    ]);
    expect([...(await w.data())]).toEqual([7, 8]);

    const other = tidy(() => variable(zeros([2]), false));
    other.assign(w);
    const shared = compileScan((c: Tensor, x: Tensor): [Tensor, Tensor] =>
      tidy(() => {
        const y = mul(other, 100);
        w.assign(add(w, x));
        return [add(c, 1), add(w, y)] as [Tensor, Tensor];
      }),
    );
    expect(await values(() => shared(zero, xs))).toEqual([[3], [708, 809, 710, 811, 713, 814]]);

    const square = tidy(() => variable(reshape(mul(xs, 1), [3, 1]), false));
    const reshaped = compileScan((c: Tensor, x: Tensor): [Tensor, Tensor] =>
      tidy(() => {
        const y = matMul(reshape(square, [1, 3]), square);
        square.assign(add(mul(square, 2), x));
        return [add(c, 1), y] as [Tensor, Tensor];
      }),
    );
    expect(await values(() => reshaped(zero, xs))).toEqual([[3], [14, 83, 464]]);
    expect([...(await square.data())]).toEqual([19, 27, 35]);

    const answersIt = compileScan((c: Tensor, x: Tensor): [Tensor, Tensor] => [add(c, x), w]);
    expect(await values(() => answersIt(zero, xs))).toEqual([[6], [13, 14, 13, 14, 13, 14]]);
    expect([...(await w.data())]).toEqual([13, 14]);
    for (const scan of [asRows, asCarry, shared, reshaped, answersIt]) scan.dispose();
    dispose([zero, xs, v, w, other, square]);
  });

  test("a carry that changes and rows that do not fit are refused", async () => {
    const wider = compileScan((c: Tensor, x: Tensor): [Tensor, []] => [
      tidy(() => mul(reshape(c, [-1, 1]), x)),
      [],
    ]);
    const carry = tensor([1, 2]);
    const xs = tensor([1, 2, 3]);
    expect(() => wider(carry, xs)).toThrow(
      /the carry must keep its types and shapes, .*\[2\].*the body answered .*\[2,1\]/,
    );
    wider.dispose();
    const two = compileScan((c: Tensor, [x]: Tensor[]): [Tensor, []] => [add(c, x!), []], {
      name: "two",
    });
    const others = [tensor([1, 2]), xs];
    expect(() => two(carry, others)).toThrow(
      "two: the xs must be tensors with as many rows each, at least one, got 2, 3",
    );
    expect(() => two(carry, [])).toThrow("at least one, got no tensor");
    two.dispose();
    dispose([carry, others]);
  });

  test("an error in the middle leaves nothing behind", () => {
    const scan = compileScan((c: Tensor, x: Tensor): [Tensor, Tensor] => {
      throw new Error(`no: ${c.rank} ${x.rank}`);
    });
    const [carry, xs] = [scalar(1), tensor([1, 2])];
    expect(() => scan(carry, xs)).toThrow("no: 0 0");
    dispose([carry, xs]);
    scan.dispose();
  });
});
