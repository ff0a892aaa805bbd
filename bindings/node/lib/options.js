/** Options: values by key, and the callbacks. What an option means is the library's business. */
import koffi from "koffi";
import { FORMAT, Handle, call, get, text } from "./library.js";

/** @typedef {Record<string, string | number | boolean | null>} Values */
/** @typedef {(...values: any[]) => any} Called */

/** `new Options({ offload: "off", threads: 2 })`: keys and values as `optionsManual` lists them. Uses copy them. */
export class Options extends Handle {
  /** @param {Values} [values] */
  constructor(values = {}) {
    super("options", get("options_new"));
    for (const [key, value] of Object.entries(values)) this.set(key, value);
  }

  /** Options as the variables of TVM and MXNet have them now. */
  static fromEnv() {
    const options = new Options();
    call("options_from_env", options);
    return options;
  }

  /** null goes back to the default. An unknown key is a TvmtrtError that names the nearest one.
   * @param {string} key @param {string | number | boolean | null} value */
  set(key, value) {
    this.#change("options_set", key, value === null ? null : String(value));
  }

  /** The value in canonical form, or the default. @param {string} key @returns {string} */
  get(key) {
    return text("options_get", this, key);
  }

  /** Have `callback(level, message)` called for log lines, which otherwise go to standard error. Callbacks run in the event loop.
   * @param {((level: number, message: string) => void) | null} callback */
  onLog(callback) {
    /** @type {Called} */
    const called = (_, level, message) => guarded(() => callback?.(level, message), undefined);
    this.#setCallback("log_callback", "tvmtrt_log_callback_t", callback && called);
  }

  /** Have `callback(region, phase, done, total)` called while engines are built; `false` stops the build with `ErrorCode.CANCELLED`.
   * @param {((region: string, phase: string, done: number, total: number) => boolean | void) | null} callback */
  onProgress(callback) {
    /** @type {Called} */
    const called = (_, region, phase, done, total) => Number(guarded(() => callback?.(region, phase, Number(done), Number(total)), false) !== false);
    this.#setCallback("progress_callback", "tvmtrt_progress_callback_t", callback && called);
  }

  /** Have `callback(nodes, operators)` decide on each region that would go to TensorRT; `false` keeps it off.
   * @param {((nodes: string[], operators: string[]) => boolean) | null} callback */
  filterRegions(callback) {
    /** @type {Called} */
    const called = (_, nodes, operators, count) => Number(guarded(() => callback?.(strings(nodes, count), strings(operators, count)), true) !== false);
    this.#setCallback("region_filter", "tvmtrt_region_filter_t", callback && called);
  }

  /** @param {string} name @param {any[]} values */
  #change(name, ...values) {
    if (this._busy) throw new TypeError("options are used by a call that is under way: await it before they change");
    call(name, this, ...values);
  }

  /** The library holds the callback until it calls the finalizer. @param {string} name @param {string} kind @param {Called | null} callback */
  #setCallback(name, kind, callback) {
    if (!callback) return this.#change(`options_set_${name}`, null, null, null);
    const registered = koffi.register(callback, `${kind} *`);
    const end = () => koffi.unregister(registered);
    try {
      this.#change(`options_set_${name}`, registered, kept(end), finalizer);
    } catch (error) {
      end();
      throw error;
    }
  }
}

/** @type {Map<bigint, () => void>} */
const ends = new Map();
let next = 1n;
const finalizer = koffi.register((/** @type {bigint} */ key) => {
  ends.get(key)?.();
  ends.delete(key);
}, "tvmtrt_finalizer_t *");

/** A user pointer that stands for `end`. @param {() => void} end */
function kept(end) {
  ends.set(next, end);
  return next++;
}

/** @param {any} list @param {any} count @returns {string[]} */
const strings = (list, count) => koffi.decode(list, "char *", Number(count));

/** How many callbacks the library holds. @internal */
export const callbackCount = () => ends.size;

/** An exception must not go through the library. @template T @param {() => T} work @param {T} otherwise */
function guarded(work, otherwise) {
  try {
    return work();
  } catch (error) {
    console.error(error);
    return otherwise;
  }
}

/** @param {Options | Values | null | undefined} options */
export function toOptions(options) {
  return options == null || options instanceof Options ? (options ?? null) : new Options(options);
}

/** Each option's key, type, default, readers and meaning. */
export function optionsManual() {
  return text("options_keys", FORMAT.TEXT);
}

/** The manual as data. @returns {{ key: string, type: string, default: string, stages: string[], doc: string }[]} */
export function optionsKeys() {
  return JSON.parse(text("options_keys", FORMAT.JSON)).options;
}
