/** What the scenario does not touch: lives of objects and of memory, wrong use, and the rest of the calls. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import * as tvmtrt from "../lib/index.js";
import { callbackCount } from "../lib/options.js";
import { CLASSIFIER } from "./repository.js";

const { Model, Options, Tensor } = tvmtrt;
const KNOWN = { tensorrt_version: "10.6" }; // a partition for it needs no library
const x = (batch = 2) => ({ x: new Tensor(new Float32Array(batch * 768).map((_, i) => (i % 7) - 3), [batch, 3, 16, 16]) });
const build = async () => (await (await Model.load(CLASSIFIER)).partition({}, { offload: "off" })).build();

test("tensors", () => {
  assert.throws(() => new Tensor(new Float32Array(3), [2, 2]), RangeError);
  assert.throws(() => new Tensor(/** @type {any} */ ([1, 2]), [2]), TypeError);
  assert.throws(() => new Tensor(new Float32Array(2), [2], "float16"), TypeError);
  assert.throws(() => Tensor.zeros("float31", [1]), TypeError);
  assert.equal(new Tensor(new Uint8Array(2), [2], "bool").dtype, "bool");
  assert.equal(new Tensor(new BigInt64Array(1), []).dtype, "int64");
});

test("regions and their filter", async () => {
  const model = await Model.load(CLASSIFIER);
  const partition = await model.partition({ x: [2, null, null, null] }, KNOWN);
  assert.equal(partition.regions, 1);
  assert.ok(partition.explainDot().startsWith("digraph") && partition.explainSvg().includes("<svg"));
  assert.ok(partition.regionJson(0).nodes.length > 0);
  assert.equal(partition.outputs[0].text, "scores: float32[2, 10]");
  const seen = [];
  const options = new Options(KNOWN);
  options.filterRegions((nodes, operators) => void seen.push([nodes, operators]) ?? false);
  assert.equal((await model.partition({}, options)).regions, 0);
  assert.ok(seen[0][1].includes("nn.conv2d") && seen[0][0].length === seen[0][1].length);
});

test("variables of TVM, and manuals", () => {
  process.env.TVM_TENSORRT_USE_FP16 = "1";
  const options = Options.fromEnv();
  delete process.env.TVM_TENSORRT_USE_FP16;
  assert.equal(options.get("precision"), "float16");
  options.set("precision", null);
  assert.equal(options.get("precision"), "float32");
  assert.ok(tvmtrt.optionsKeys().every(({ key }) => tvmtrt.optionsManual().includes(`${key}: `)));
  assert.ok(tvmtrt.tensorrtInfo().length > 0 && tvmtrt.tensorrtInfoJson() && tvmtrt.version());
});

test("calibration, profile and engines", async () => {
  const folder = mkdtempSync(`${tmpdir()}/tvmtrt-`);
  const partition = await (await Model.load(CLASSIFIER)).partition({}, KNOWN);
  const calibration = await partition.calibration();
  await calibration.add(x());
  calibration.write(`${folder}/ranges.json`);
  assert.ok(JSON.parse(readFileSync(`${folder}/ranges.json`, "utf8")));
  rmSync(folder, { recursive: true });
  const made = await build();
  assert.deepEqual([made.engines, made.engine(0), made.inputs[0].name, made.outputs.length], [0, null, "x", 2]);
  assert.throws(() => made.regionState(0), { code: tvmtrt.ErrorCode.INVALID_ARGUMENT });
  assert.throws(() => made.engineLayers(0), tvmtrt.TvmtrtError);
  const session = await made.session();
  assert.equal((await session.profileJson(x(), 2)).schema_version, 1);
  assert.ok(await session.profile(x(), 2));
  await session.synchronize();
});

test("a handle that is closed waits for what uses it, and then says so", async () => {
  const session = await (await build()).session();
  const running = session.run(x());
  session.close();
  assert.equal((await running).scores.dims[0], 2);
  await assert.rejects(session.run(x()), /session is closed/);
  session.close();
});

test("options in use do not change", async () => {
  const options = new Options();
  const loading = Model.load(CLASSIFIER, options);
  assert.throws(() => options.set("threads", 1), /under way/);
  await loading;
  options.set("threads", 1);
});

test("callbacks end with what holds them", async () => {
  const before = callbackCount();
  const options = new Options({ log_level: "info" });
  options.onLog(() => {});
  options.onLog(() => {});
  assert.equal(callbackCount(), before + 1);
  const model = await Model.load(CLASSIFIER, options);
  options.close();
  model.close();
  assert.equal(callbackCount(), before);
});

test("memory of the library lives as long as an array looks at it", async () => {
  const session = await (await build()).session();
  const wanted = Array.from((await session.run(x())).scores.data);
  const kept = [];
  for (let i = 0; i < 200; i++) {
    kept.push((await session.run(x())).scores.data.subarray(10));
    if (i % 20 === 0) {
      globalThis.gc?.();
      await pause(1);
    }
  }
  for (const data of kept) assert.deepEqual(Array.from(data), wanted.slice(10));
});
