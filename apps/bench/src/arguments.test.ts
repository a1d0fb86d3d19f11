import { expect, test } from "vitest";
import { parseArguments, peerNames } from "./arguments.ts";
import { workloads } from "./workloads/index.ts";

test("without options every workload runs against every peer for 5 rounds", () => {
  const { workloads: names, peers, rounds, python, json, help } = parseArguments([]);
  expect(names).toEqual(workloads.map(({ name }) => name));
  expect(peers).toEqual(peerNames);
  expect({ rounds, python, json, help }).toEqual({
    rounds: 5,
    python: undefined,
    json: undefined,
    help: false,
  });
});

test("options are read, also behind the two dashes that pnpm hands on", () => {
  const args =
    "-- --workloads unet-train,dit-train --peers tfjs-cpu --rounds 3 --threads 2 --cap 7";
  const options = parseArguments([...args.split(" "), "--json", "out.json"]);
  expect(options).toMatchObject({
    workloads: ["unet-train", "dit-train"],
    peers: ["tfjs-cpu"],
    rounds: 3,
    threads: 2,
    capMs: 7000,
    json: "out.json",
  });
  expect(parseArguments(["--peers", "none"]).peers).toEqual([]);
});

test("quick means 2 short rounds, unless told otherwise", () => {
  expect(parseArguments(["--quick"]).rounds).toBe(2);
  expect(parseArguments(["--quick"]).blockMs).toBeLessThan(parseArguments([]).blockMs);
  expect(parseArguments(["--quick", "--rounds", "9"]).rounds).toBe(9);
});

test("our backend computes on the CPU, or on the device that is named", () => {
  expect(parseArguments([]).device).toBe("cpu");
  expect(parseArguments(["--device", "webgpu"]).device).toBe("webgpu");
});

test("the Python is that of --python, else that of GEN_PYTHON", () => {
  expect(parseArguments([], { GEN_PYTHON: "a" }).python).toBe("a");
  expect(parseArguments(["--python", "b"], { GEN_PYTHON: "a" }).python).toBe("b");
  expect(parseArguments([], { GEN_PYTHON: "" }).python).toBeUndefined();
});

test.each([
  [["--workloads", "unet"], 'there is no workload "unet"; there are mlp-train, '],
  [["--peers", "jax"], 'there is no peer "jax"; there are torch-eager, '],
  [["--rounds", "0"], '--rounds must be a positive whole number, got "0"'],
  [["--threads", "two"], '--threads must be a positive whole number, got "two"'],
  [["--device", "gpu"], 'there is no device "gpu"; there are cpu, webgpu, cuda'],
  [["--fast"], "Unknown option '--fast'; see --help"],
  [["unet-train"], "Unexpected argument 'unet-train'; see --help"],
  [["--json"], "Option '--json <value>' argument missing; see --help"],
])("%j is refused in one sentence", (argv, sentence) => {
  let thrown: unknown;
  try {
    parseArguments(argv);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ name: "Failure", exitCode: 2 });
  expect((thrown as Error).message).toContain(sentence);
  expect((thrown as Error).message).not.toContain("\n");
});
