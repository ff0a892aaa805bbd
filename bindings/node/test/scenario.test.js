/** The scenario that every client runs: tests/clients/scenario.json says what the steps are. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { Build, Model, Options, Tensor, TvmtrtError } from "../lib/index.js";
import { CLASSIFIER, REPOSITORY } from "./repository.js";

const S = JSON.parse(readFileSync(`${REPOSITORY}/tests/clients/scenario.json`, "utf8"));
const X = S.input.name;
const DIMS = S.input.dims.map((d) => (d < 0 ? null : d));
const noTensorrt = !process.env.TVMTRT_TENSORRT_LIBRARY?.includes("rtx") && "TVMTRT_TENSORRT_LIBRARY names no TensorRT for RTX";

/** A step: prints that it has passed. */
function step(name, work, skip = false) {
  test(name, { skip }, async () => {
    await work();
    console.log(`step ${name}`);
  });
}

/** @param {string} which @param {() => any} work */
async function fails(which, work) {
  const wanted = S.errors[which];
  await assert.rejects(async () => await work(), (e) => e instanceof TvmtrtError && e.code === wanted.code && e.message.includes(wanted.names ?? ""));
}

function picture(batch) {
  const size = 3 * 16 * 16;
  const data = Float32Array.from({ length: batch * size }, (_, i) => (((i % size) * (37 + 11 * Math.floor(i / size))) % 97) / 48 - 1);
  return { [X]: new Tensor(data, [batch, 3, 16, 16]) };
}

function check(outputs, run) {
  assert.deepEqual(Object.keys(outputs).sort(), [...S.outputs].sort());
  assert.deepEqual(outputs.scores.dims, [run.batch, 10]);
  assert.deepEqual(Array.from(outputs.best.data, Number), run.best);
  run.scores.forEach((w, i) => {
    const off = Math.abs(outputs.scores.data[i] - w);
    assert.ok(off <= S.tolerance.atol + S.tolerance.rtol * Math.abs(w), `score ${i}: ${outputs.scores.data[i]}, wanted ${w}`);
  });
}

const model = (options = null) => Model.load(CLASSIFIER, options);
const partition = async () => (await model()).partition({ [X]: DIMS }, S.options);
const session = async () => (await (await partition()).build(S.options)).session(S.options);

step("options", async () => {
  const options = new Options(S.options);
  for (const [key, value] of Object.entries(S.options)) assert.equal(options.get(key), value);
  for (const which of ["option_key", "option_value"]) await fails(which, () => options.set(S.errors[which].key, S.errors[which].value));
  options.close();
});

step("load", async () => {
  for (const loaded of [await model(), await Model.load(readFileSync(CLASSIFIER))]) {
    const [x] = loaded.inputs;
    assert.deepEqual([x.name, x.dtype, x.dims, x.extents[0]], [X, S.input.dtype, DIMS, S.input.extent]);
    assert.deepEqual(loaded.outputs.map((o) => o.name), S.outputs);
    assert.deepEqual(loaded.metadata, { labels: S.labels });
  }
  await fails("file", () => Model.load(S.errors.file.path));
});

step("log", async () => {
  const lines = [];
  const options = new Options({ log_level: S.log.log_level });
  options.onLog((level, message) => lines.push([level, message]));
  (await model(options)).close();
  options.close();
  assert.ok(lines.some(([level, message]) => level === S.log.level && message.includes(S.log.names)), JSON.stringify(lines));
});

step("partition", async () => {
  assert.deepEqual((await partition()).inputs[0].dims, DIMS);
  for (const which of ["input_name", "partition_shape"]) {
    await fails(which, async () => (await model()).partition({ [S.errors[which].name]: S.errors[which].dims }));
  }
});

step("explain", async () => {
  const found = await partition();
  const account = found.explainJson();
  assert.equal(account.schema_version, S.explain.schema_version);
  assert.equal(account.graph, S.explain.graph);
  assert.ok(found.explain().includes(S.explain.graph));
});

step("build", async () => {
  const [loaded] = [await model()];
  const part = await loaded.partition({ [X]: DIMS }, S.options);
  const build = await part.build(S.options);
  const made = await build.session(S.options);
  for (const handle of [loaded, part, build]) handle.close();
  check(await made.run(picture(1)), S.runs[0]);
});

step("run", async () => {
  const scores = Tensor.zeros("float32", [1, 10]);
  const outputs = await (await session()).run(picture(1), { scores });
  assert.equal(outputs.scores, scores);
  check(outputs, S.runs[0]);
});

step("batch", async () => {
  const made = await session();
  await made.run(picture(1));
  const outputs = await made.run(picture(3));
  made.close();
  check(outputs, S.runs[1]);
});

step("shape", async () => {
  const made = await session();
  await fails("run_shape", () => made.run({ [X]: Tensor.zeros("float32", S.errors.run_shape.dims) }));
  check(await made.run(picture(1)), S.runs[0]);
});

step("threads", async () => {
  const build = await (await partition()).build(S.options);
  await Promise.all(
    S.runs.map(async (run) => {
      const made = await build.session(S.options);
      for (let i = 0; i < 20; i++) check(await made.run(picture(run.batch)), run);
    }),
  );
});

step("artifact", async () => {
  const folder = mkdtempSync(`${tmpdir()}/tvmtrt-`);
  const path = `${folder}/classifier.tvmtrt`;
  const build = await (await partition()).build(S.options);
  await build.save(path);
  await fails("save", () => build.save(S.errors.save.path));
  await fails("no_artifact", () => Build.load(CLASSIFIER));
  for (const source of [path, readFileSync(path)]) {
    const made = await (await Build.load(source)).session(S.options);
    for (const run of S.runs) check(await made.run(picture(run.batch)), run);
    made.close();
  }
  rmSync(folder, { recursive: true });
});

step(
  "progress",
  async () => {
    const heard = [];
    const options = new Options({ ...S.options, target_sm: "8.6", log_level: "off" });
    options.onProgress((region, phase, done, total) => void heard.push([region, phase, done, total]));
    const build = await (await partition()).build(options);
    assert.ok(build.engines >= 1 && (build.engine(0)?.length ?? 0) > 0 && build.regionState(0).includes("built in"));
    assert.ok(heard.length > 0 && heard.every(([region, phase]) => region && phase));
    options.onProgress(() => false);
    await fails("cancelled", async () => (await partition()).build(options));
  },
  noTensorrt,
);
