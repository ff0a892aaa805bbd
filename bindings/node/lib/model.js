/** From a model's file to what a session runs: models, partitions, builds, calibrations. */
import koffi from "koffi";
import { FORMAT, Handle, call, callAsync, get, text } from "./library.js";
import { toOptions } from "./options.js";
import { Session, feeds } from "./session.js";

/** @typedef {import("./options.js").Options | import("./options.js").Values | null} OptionsLike */
/** @typedef {{ name: string, dtype: string, dims: (number | null)[], extents: string[], text: string }} Value null: not fixed */
/** @typedef {Record<string, import("./tensor.js").Tensor>} Tensors */

/** @param {Handle} owner @param {string} noun @param {string} side @returns {Value[]} */
function values(owner, noun, side) {
  return Array.from({ length: Number(get(`${noun}_${side}_count`, owner)) }, (_, i) => {
    const value = get(`${noun}_${side}`, owner, i);
    const rank = Number(get("value_rank", value));
    const dims = rank ? Array.from(koffi.decode(get("value_dims", value), "int64_t", rank), Number) : [];
    return {
      name: get("value_name", value),
      dtype: get("value_dtype_name", value),
      dims: dims.map((d) => (d < 0 ? null : d)),
      extents: dims.map((_, axis) => get("value_dim_text", value, axis)),
      text: get("value_text", value),
    };
  });
}

/** @param {string} name @param {any[]} given @returns {Promise<bigint>} */
async function made(name, ...given) {
  /** @type {any[]} */
  const out = [null];
  await callAsync(name, ...given, out);
  return out[0];
}

/** A loaded model. */
export class Model extends Handle {
  /** Loads a model from a file, or from the bytes of one. @param {string | Uint8Array} source @param {OptionsLike} [options] @param {string | null} [folder] of external data */
  static async load(source, options = null, folder = null) {
    const settings = toOptions(options);
    const loaded = typeof source === "string" ? await made("model_load", source, settings) : await made("model_load_memory", source, source.length, folder, settings);
    return new Model("model", loaded);
  }

  get inputs() {
    return values(this, "model", "input");
  }

  get outputs() {
    return values(this, "model", "output");
  }

  /** The texts that the file carries beside the graph. @returns {Record<string, string>} */
  get metadata() {
    const keys = Array.from({ length: Number(get("model_metadata_count", this)) }, (_, i) => get("model_metadata_key", this, i));
    return Object.fromEntries(keys.map((key) => [key, get("model_metadata", this, key)]));
  }

  /** Splits it between TensorRT and our kernels. @param {Record<string, readonly (number | null)[]>} [shapes] by input; null leaves an extent as it is @param {OptionsLike} [options] */
  async partition(shapes = {}, options = null) {
    const list = Object.entries(shapes).map(([name, dims]) => ({
      name,
      dims: BigInt64Array.from(dims, (d) => BigInt(d ?? -1)),
      rank: dims.length,
      dtype: { code: 0, bits: 0, lanes: 0 },
    }));
    return new Partition("partition", await made("partition", this, list, list.length, toOptions(options)));
  }
}

/** A model split between TensorRT and our own kernels. */
export class Partition extends Handle {
  get inputs() {
    return values(this, "partition", "input");
  }

  get outputs() {
    return values(this, "partition", "output");
  }

  /** Where each node went and why. */
  explain() {
    return text("partition_explain", this, FORMAT.TEXT);
  }

  /** @returns {any} */
  explainJson() {
    return JSON.parse(text("partition_explain", this, FORMAT.JSON));
  }

  /** The graph in graphviz's language. */
  explainDot() {
    return text("partition_explain", this, FORMAT.DOT);
  }

  /** A picture of the graph, for browsers. */
  explainSvg() {
    return text("partition_explain", this, FORMAT.SVG);
  }

  /** How many regions are meant for TensorRT. */
  get regions() {
    return Number(get("partition_region_count", this));
  }

  /** The graph of a region in the layout of TVM's JSON runtime. @param {number} region @returns {any} */
  regionJson(region) {
    return JSON.parse(text("partition_region_json", this, region));
  }

  /** Builds an engine or kernels for each region. @param {OptionsLike} [options] */
  async build(options = null) {
    return new Build(await made("build", this, toOptions(options)));
  }

  /** Begins a calibration. @param {OptionsLike} [options] */
  async calibration(options = null) {
    return new Calibration("calibration", await made("calibration_new", this, toOptions(options)));
  }
}

/** A partition made ready to run. */
export class Build extends Handle {
  #memory;

  /** @param {any} pointer @param {Uint8Array} [memory] that it was loaded from @internal */
  constructor(pointer, memory) {
    super("build", pointer, memory);
    this.#memory = memory;
  }

  /** A build from a file that `save` wrote, or from the bytes of one, which must not change while it or a session of it is used.
   * @param {string | Uint8Array} source @param {OptionsLike} [options] */
  static async load(source, options = null) {
    const settings = toOptions(options);
    if (typeof source === "string") return new Build(await made("build_load", source, settings));
    return new Build(await made("build_load_memory", source, source.length, settings), source);
  }

  /** Writes one file with all that running it needs, here or elsewhere; a name that ends in .so makes a shared object.
   * @param {string} path @param {OptionsLike} [options] */
  async save(path, options = null) {
    await callAsync("build_save", this, path, toOptions(options));
  }

  get inputs() {
    return values(this, "build", "input");
  }

  get outputs() {
    return values(this, "build", "output");
  }

  /** How many regions have a TensorRT engine by now. */
  get engines() {
    return Number(get("build_engine_count", this));
  }

  /** Where a region runs and why. @param {number} region */
  regionState(region) {
    return text("build_region_state", this, region);
  }

  /** A copy of a region's serialised TensorRT engine, or null. @param {number} region */
  engine(region) {
    const data = get("build_engine_data", this, region);
    return data === null ? null : new Uint8Array(koffi.view(data, Number(get("build_engine_size", this, region)))).slice();
  }

  /** TensorRT's own account of the layers of a region's engine. @param {number} region @returns {any} */
  engineLayers(region) {
    return JSON.parse(text("build_engine_layers", this, region));
  }

  /** A session: as many as runs go on at once. @param {OptionsLike} [options] */
  async session(options = null) {
    const names = this.outputs.map((o) => o.name);
    return new Session(names, await made("session_new", this, toOptions(options)), this.#memory);
  }
}

/** Makes the table of ranges that engines in int8 are built with. */
export class Calibration extends Handle {
  /** Run once on data like those that the engine will see. @param {Tensors} inputs */
  async add(inputs) {
    const given = feeds(inputs);
    await callAsync("calibration_add", this, given, given.length);
  }

  /** Write the table. @param {string} path */
  write(path) {
    call("calibration_write", this, path);
  }
}

/** Which TensorRT is used, and each place that was tried. @param {OptionsLike} [options] */
export function tensorrtInfo(options = null) {
  return text("tensorrt_info", toOptions(options), FORMAT.TEXT);
}

/** @param {OptionsLike} [options] @returns {any} */
export function tensorrtInfoJson(options = null) {
  return JSON.parse(text("tensorrt_info", toOptions(options), FORMAT.JSON));
}
