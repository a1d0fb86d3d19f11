import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serialize } from "@gen/safetensors";
import { runGen, tiny } from "./run-gen.ts";

let folder = "";
const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gen-bad-"));
  mkdirSync(at("empty"));
  for (const name of ["ok", "cut", "short", "huge", "labels"])
    mkdirSync(at(name, "mnist"), { recursive: true });
  const images = idx(3, [40, 4, 4], new Uint8Array(640).fill(9));
  const labels = idx(
    1,
    [40],
    Uint8Array.from({ length: 40 }, (_, i) => i % 10),
  );
  const put = (set: string, i: Uint8Array, l: Uint8Array): void => {
    writeFileSync(at(set, "mnist", "t10k-images-idx3-ubyte.gz"), i);
    writeFileSync(at(set, "mnist", "t10k-labels-idx1-ubyte.gz"), l);
  };
  put("ok", gzipSync(images), gzipSync(labels));
  put("cut", gzipSync(images).subarray(0, -9), gzipSync(labels));
  put("short", images.subarray(0, -1), labels);
  put("huge", idx(3, [2 ** 30, 2 ** 15, 2 ** 15], new Uint8Array(16)), labels);
  put("labels", images, idx(1, [40], new Uint8Array(40).fill(10)));

  for (const name of ["a", "b"]) mkdirSync(at("sizes", name), { recursive: true });
  writeFileSync(
    at("sizes", "a", "1.png"),
    encode({ width: 4, height: 4, channels: 1, data: new Uint8Array(16) }),
  );
  writeFileSync(
    at("sizes", "b", "2.png"),
    encode({ width: 5, height: 4, channels: 1, data: new Uint8Array(20) }),
  );
  writeFileSync(at("cut.tar"), new Uint8Array(700).fill(48));

  // Two small runs to draw from and to judge by.
  const small = [
    "--set",
    "data.training=30",
    "--set",
    "data.heldOut=10",
    "--set",
    "batchSize=4",
    "--steps",
    "2",
    "--data",
    at("ok"),
  ];
  const runs = await Promise.all([
    runGen([
      "train",
      "flow",
      "--preset",
      "mnist",
      "--out",
      at("flow"),
      ...small,
      "--set",
      "model.baseChannels=4",
      "--set",
      "model.multipliers=1",
      "--set",
      "sampleEvery=100",
    ]),
    runGen([
      "train",
      "classifier",
      "--preset",
      "mnist",
      "--out",
      at("classifier"),
      ...small,
      "--set",
      "model.channels=4",
      "--set",
      "model.features=4",
    ]),
  ]);
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);

  const samples = (count: number, label: number): Uint8Array =>
    serialize({
      samples: { dtype: "F32", shape: [count, 4, 4, 1], data: new Float32Array(16 * count) },
      labels: { dtype: "I32", shape: [count], data: new Int32Array(count).fill(label) },
    });
  writeFileSync(at("good.safetensors"), samples(4, 3));
  writeFileSync(at("cut.safetensors"), samples(4, 3).subarray(0, -3));
  writeFileSync(at("label.safetensors"), samples(4, 12));
  writeFileSync(at("huge.safetensors"), header(2n ** 60n, "{}"));
  const overlapping =
    '{"samples":{"dtype":"F32","shape":[1,4,4,1],"data_offsets":[0,64]},"labels":{"dtype":"I32","shape":[1],"data_offsets":[60,64]}}';
  writeFileSync(
    at("overlap.safetensors"),
    Buffer.concat([header(BigInt(overlapping.length), overlapping), new Uint8Array(64)]),
  );
  const outside = '{"samples":{"dtype":"F32","shape":[1,4,4,1],"data_offsets":[64,128]}}';
  writeFileSync(
    at("outside.safetensors"),
    Buffer.concat([header(BigInt(outside.length), outside), new Uint8Array(64)]),
  );

  // The flow's checkpoint in the folder of another model.
  mkdirSync(at("other"));
  writeFileSync(
    at("other", "config.json"),
    readFileSync(at("flow", "config.json"), "utf8").replace(
      '"baseChannels": 4',
      '"baseChannels": 8',
    ),
  );
  mkdirSync(at("other", "checkpoints"));
  writeFileSync(
    at("other", "checkpoints", "step-00000002.safetensors"),
    readFileSync(at("flow", "checkpoints", "step-00000002.safetensors")),
  );
  mkdirSync(at("foreign"));
  writeFileSync(at("foreign", "notes.txt"), "mine");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function idx(rank: number, shape: number[], data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * rank));
  head.setUint32(0, 0x0800 + rank);
  shape.forEach((n, i) => head.setUint32(4 + 4 * i, n));
  return Buffer.concat([new Uint8Array(head.buffer), data]);
}

function header(length: bigint, text: string): Uint8Array {
  const bytes = Buffer.alloc(8 + text.length);
  bytes.writeBigUInt64LE(length);
  bytes.write(text, 8);
  return bytes;
}

const flow =
  (...args: string[]): (() => string[]) =>
  () => ["train", "flow", "--out", at("new"), ...args];
const onMnist =
  (set: string): (() => string[]) =>
  () => ["train", "flow", "--preset", "mnist", "--out", at("new"), "--data", at(set)];
const onFolder =
  (path: string): (() => string[]) =>
  () => [
    "train",
    "flow",
    "--preset",
    "folder",
    "--out",
    at("new"),
    "--set",
    `data.path=${at(path)}`,
  ];
const judge =
  (file: string): (() => string[]) =>
  () => [
    "eval",
    at("flow"),
    "--classifier",
    at("classifier"),
    "--data",
    at("ok"),
    "--samples",
    at(file),
    "--out",
    at("new", "eval.json"),
  ];

const cases: [name: string, args: () => string[], sentence: RegExp, code?: number][] = [
  ["an unknown command", () => ["smaple"], /no command gen "smaple" \(did you mean "sample"\?\)/],
  [
    "an unknown option",
    flow("--preset", "glyphs", "--stpes", "3"),
    /no option --stpes \(did you mean --steps\?\)/,
  ],
  [
    "an unknown preset",
    flow("--preset", "glyph"),
    /no preset .*"glyph" \(did you mean "glyphs"\?\); there is: demo-glyphs/,
  ],
  ["no preset", flow(), /give a --preset; there is: demo-glyphs/],
  [
    "a setting that is not one",
    flow("--preset", "glyphs", "--set", "batch=3"),
    /no setting "batch"/,
  ],
  [
    "a value out of bounds",
    flow("--preset", "glyphs", "--set", "flow.labelDropout=2"),
    /flow\.labelDropout must be below 1, got 2/,
  ],
  [
    "a missing data folder",
    onMnist("nowhere"),
    /nowhere does not exist; .*built.in|nowhere does not exist; .*needs none/,
  ],
  [
    "a data folder without the files",
    onMnist("empty"),
    /There is no t10k-images-idx3-ubyte\.gz in /,
  ],
  ["a truncated gzip file", onMnist("cut"), /cannot be read: .*gzip.*truncated/],
  ["a truncated IDX file", onMnist("short"), /cannot be read: mnist: imagesFile/],
  ["an IDX header that claims 2^60 bytes", onMnist("huge"), /cannot be read: mnist: imagesFile/],
  [
    "labels out of range in a data set",
    onMnist("labels"),
    /label 0 is 10, expected an integer in \[0, 10\)/,
  ],
  [
    "more images than there are",
    () => [...onMnist("ok")(), "--set", "data.heldOut=10"],
    /data\.training must be at most the 30 images/,
  ],
  ["a truncated tar archive", onFolder("cut.tar"), /cut\.tar cannot be read: readTar/],
  ["a missing image folder", onFolder("nowhere"), /data\.path .*nowhere does not exist/],
  ["images of different sizes", onFolder("sizes"), /b\/2\.png is 5×4 .*a\/1\.png is 4×4/],
  [
    "a folder that holds something else",
    () => ["train", "flow", "--preset", "glyphs", "--out", at("foreign")],
    /foreign holds other files \(notes\.txt\) and no run/,
  ],
  [
    "a run with other settings",
    () => ["train", "flow", "--preset", "mnist", "--out", at("flow")],
    /holds a run with other settings: .*batchSize \(4 there, 32 here\)/,
  ],
  [
    "a run of another task",
    () => ["sample", at("classifier")],
    /is a run of gen train classifier; this needs one of gen train flow/,
  ],
  [
    "a run that is not there",
    () => ["sample", at("nowhere")],
    /There is no run at .*nowhere: the folder does not exist/,
  ],
  [
    "a resume of nothing",
    () => ["train", "flow", "--resume", "--out", at("nowhere")],
    /There is no run at .*nowhere to resume/,
  ],
  [
    "a label that is not one",
    () => ["sample", at("flow"), "--labels", "3,11"],
    /"11" is not a label; there are 0 to 9/,
  ],
  [
    "a setting of another family",
    () => ["sample", at("flow"), "--temperature", "1"],
    /--temperature is for .*pixelformer.*; flow has no such thing\./,
  ],
  [
    "a picture that there is not",
    () => ["show", "run", at("flow"), "curvs"],
    /no picture of .*flow: "curvs" \(did you mean "curves"\?\); there is: curves, denoising\./,
  ],
  [
    "a count that is not one",
    () => ["sample", at("flow"), "--count", "ten"],
    /--count must be a whole number .*got "ten"/,
  ],
  [
    "a checkpoint of another model",
    () => ["sample", at("other"), "--out", at("new")],
    /of another model: .*conv_in\.weight is F32 \[3, 3, 1, 4\] where the model has F32 \[3, 3, 1, 8\]/,
    1,
  ],
  ["truncated safetensors", judge("cut.safetensors"), /cut\.safetensors: parse/],
  [
    "a safetensors header that claims 2^60 bytes",
    judge("huge.safetensors"),
    /huge\.safetensors: parse/,
  ],
  ["overlapping tensors", judge("overlap.safetensors"), /overlap\.safetensors: parse/],
  ["a tensor out of the file's range", judge("outside.safetensors"), /outside\.safetensors: parse/],
  [
    "labels out of range in samples",
    judge("label.safetensors"),
    /label 12 is out of range; there are 0 to 9/,
  ],
  [
    "a backend that is not installed",
    flow("--preset", "glyphs", "--backend", "tensorflow"),
    /"tensorflow" cannot be used here: .*npm install @tensorflow\/tfjs-node/,
  ],
  [
    "a backend that is none",
    flow("--preset", "glyphs", "--backend", "cuda"),
    /no value of --backend "cuda"/,
  ],
];

test.concurrent.for(cases)(
  "%s: one sentence, and nothing is written",
  async ([, args, sentence, code = 2], { expect: check }) => {
    const { code: ended, stderr, stdout } = await runGen(args());
    check(stderr).toMatch(/^gen: [^\n]+\n$/);
    check(stderr).toMatch(sentence);
    check(stderr).not.toMatch(/\n {4}at /);
    check(stdout).not.toMatch(/\n {4}at /);
    check(ended).toBe(code);
    check(existsSync(at("new"))).toBe(false);
  },
);

test("with --json the error is an object on stdout too; with --debug there is a stack", async () => {
  const { stdout, stderr } = await runGen(["sample", at("nowhere"), "--json", "--debug"]);
  expect(JSON.parse(stdout)).toMatchObject({ event: "error", exitCode: 2 });
  expect(stderr).toMatch(/\n {4}at /);
});

test("samples that gen sample wrote are read by gen eval", async () => {
  const drawn = await runGen(["sample", at("flow"), "--count", "20", "--steps", "2", "--json"]);
  expect(drawn.code).toBe(0);
  for (const line of drawn.stdout.trim().split("\n")) JSON.parse(line);
  const { code, stdout } = await runGen([
    "eval",
    at("flow"),
    "--classifier",
    at("classifier"),
    "--data",
    at("ok"),
    "--json",
    "--samples",
    at("flow", "drawn", "samples.safetensors"),
  ]);
  expect(code).toBe(0);
  const report = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .at(-1);
  expect(report).toMatchObject({
    event: "evaluation",
    samples: 20,
    trainingImages: 30,
    heldOutImages: 10,
  });
  expect(report?.["scores"]).toMatchObject({
    frechet: { distance: report?.["fid"], counts: [20, 30], interval: { level: 0.95 } },
    kernel: { counts: [20, 30], protocol: expect.stringContaining("20 subsets of 20") },
    precisionRecall: { counts: [20, 20], protocol: expect.stringContaining("k = 3") },
    densityCoverage: { counts: [20, 20], coverage: expect.any(Number) },
  });
  expect(JSON.stringify(report)).toMatch(/"extractor":"classifier [0-9a-f]{16}"/);
});

test("a loss that is not finite ends training with the step and the last good checkpoint, and is not saved", async () => {
  const out = at("nan");
  const good = [...tiny, "--out", out, "--steps", "400", "--set", "checkpointEvery=5"];
  const { code, stderr } = await runGen([
    ...good,
    "--set",
    "optimizer.learningRate=1e37",
    "--set",
    "optimizer.warmup=1000",
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^gen: Training became unstable: .+ was not finite \(NaN or infinite\) at step \d+; .*checkpoint.*\n$/,
  );
  expect(existsSync(join(out, "run.lock"))).toBe(false);
});

const canMount = process.getuid?.() === 0 && process.platform === "linux";
test.skipIf(!canMount)(
  "a full disk while saving is one sentence, and the last checkpoint stays whole (needs root)",
  async ({ skip }) => {
    const small = at("small");
    mkdirSync(small);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=300k", "tmpfs", small], {
        stdio: "ignore",
      });
    } catch {
      skip("mount is not permitted here");
    }
    try {
      // Two checkpoints of ~100 kB fit, a third while they are there does not.
      const out = join(small, "run");
      const { code, stderr } = await runGen([
        ...tiny,
        "--out",
        out,
        "--steps",
        "100",
        "--set",
        "model.width=80",
        "--set",
        "model.depth=2",
        "--set",
        "checkpointEvery=10",
      ]);
      expect(stderr).toMatch(
        /^gen: Could not write .+: the disk is full; free some space and run the same command again\.\n$/,
      );
      expect(code).toBe(1);
      expect(
        readdirSync(join(out, "checkpoints")).every((name) => /^step-\d+\.safetensors$/.test(name)),
      ).toBe(true);
      expect(existsSync(join(out, "run.lock"))).toBe(false);
    } finally {
      execFileSync("umount", [small]);
    }
  },
);
