/** Runs. One run at a time for one session; make more sessions from a build for more. */
import koffi from "koffi";
import { FORMAT, Handle, call, callAsync, textAsync } from "./library.js";
import { fromManaged, toDLTensor } from "./tensor.js";

/** @typedef {Record<string, import("./tensor.js").Tensor>} Tensors */

/** Arguments for tensors by name. @param {Tensors} tensors @internal */
export function feeds(tensors) {
  return Object.entries(tensors).map(([name, tensor]) => ({ name, tensor: toDLTensor(tensor), managed: /** @type {bigint | null} */ (null) }));
}

/** What one run at a time needs. */
export class Session extends Handle {
  #outputs;

  /** @param {string[]} outputs @param {any} pointer @param {Uint8Array} [memory] that its build was loaded from @internal */
  constructor(outputs, pointer, memory) {
    super("session", pointer, memory);
    this.#outputs = outputs;
  }

  /** Computes all outputs: those in `outputs` go into the caller's tensors, the others are made. Neither may change until it is done.
   * @param {Tensors} inputs @param {Tensors} [outputs] @returns {Promise<Tensors>} */
  async run(inputs, outputs = {}) {
    const given = feeds(inputs);
    const names = this.#outputs.filter((n) => !Object.hasOwn(outputs, n));
    const managed = new BigUint64Array(names.length);
    const targets = [...feeds(outputs), ...names.map((name, i) => ({ name, tensor: null, managed: koffi.address(managed) + BigInt(8 * i) }))];
    await callAsync("run", this, given, given.length, targets, targets.length);
    const results = Object.fromEntries(names.map((name, i) => [name, fromManaged(managed[i])]));
    keep(inputs, given, targets);
    return { ...outputs, ...results };
  }

  /** Queue the work on a GPU on the caller's stream. @param {bigint | null} stream a cudaStream_t; null is CUDA's default one */
  setStream(stream) {
    call("session_set_stream", this, stream);
  }

  /** Wait for all work that the session has queued. */
  async synchronize() {
    await callAsync("session_synchronize", this);
  }

  /** Where the time of a run goes, as text. @param {Tensors} inputs @param {number} [runs] */
  async profile(inputs, runs = 100) {
    const given = feeds(inputs);
    const found = await textAsync("session_profile", this, given, given.length, runs, FORMAT.TEXT);
    keep(inputs, given);
    return found;
  }

  /** @param {Tensors} inputs @param {number} [runs] @returns {Promise<any>} */
  async profileJson(inputs, runs = 100) {
    const given = feeds(inputs);
    const found = JSON.parse(await textAsync("session_profile", this, given, given.length, runs, FORMAT.JSON));
    keep(inputs, given);
    return found;
  }
}

/** Its arguments live until here: another thread has read their memory by address. @param {any[]} _values */
function keep(..._values) {}
