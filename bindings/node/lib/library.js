/** Opens libtvmtrt.so, and holds what all calls share: errors, texts, handles. Knows nothing of models. */
import koffi from "koffi";
import { FUNCTIONS, forKoffi } from "./prototypes.js";

const library = koffi.load(process.env.TVMTRT_LIBRARY || "libtvmtrt.so.0");
/** @type {Record<string, { (...values: any[]): any, async: (...values: any[]) => void }>} */
const functions = Object.fromEntries(FUNCTIONS.map((p) => [/tvmtrt_(\w+)\(/.exec(p)?.[1], library.func(forKoffi(p))]));

/** What a program decides by: the TVMTRT_ERROR_ numbers of the header. */
export const ErrorCode = Object.freeze({
  INVALID_ARGUMENT: 1,
  NULL_POINTER: 2,
  UNKNOWN_NAME: 3,
  DUPLICATE_NAME: 4,
  MISSING_NAME: 5,
  WRONG_DTYPE: 6,
  WRONG_SHAPE: 7,
  WRONG_COUNT: 8,
  WRONG_DEVICE: 9,
  UNKNOWN_OPTION: 10,
  BAD_OPTION: 11,
  IO: 100,
  MALFORMED_MODEL: 101,
  UNSUPPORTED_OPERATOR: 102,
  UNSUPPORTED_MODEL: 103,
  BAD_GRAPH: 104,
  OFFLOAD_IMPOSSIBLE: 200,
  TENSORRT_NOT_FOUND: 300,
  TENSORRT_TOO_OLD: 301,
  TENSORRT_TOO_NEW: 302,
  TENSORRT_BUILD: 303,
  TENSORRT_UNSUPPORTED: 304,
  CUDA: 400,
  OUT_OF_MEMORY: 401,
  CPU_CODE: 500,
  NOT_IMPLEMENTED: 800,
  UNSUPPORTED: 801,
  INTERNAL: 900,
  CANCELLED: 901,
});

/** How important a log line is: the TVMTRT_LOG_ numbers of the header. */
export const LogLevel = Object.freeze({ ERROR: 1, WARNING: 2, INFO: 3, DEBUG: 4 });

export const FORMAT = Object.freeze({ TEXT: 0, JSON: 1, DOT: 2, SVG: 3 });

/** A call failed. `code` is one of `ErrorCode`. */
export class TvmtrtError extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "TvmtrtError";
    this.code = code;
  }
}

/** Call a function that cannot fail. @param {string} name @param {any[]} values @returns {any} */
export function get(name, ...values) {
  return functions[name](...values.map(lend));
}

/** Call a function that returns an error or NULL. @param {string} name @param {any[]} values */
export function call(name, ...values) {
  check(get(name, ...values));
}

/** Call such a function on another thread; handles among the values stay open until it is done. @param {string} name @param {any[]} values */
export async function callAsync(name, ...values) {
  const lent = values.map(lend);
  const held = values.filter((v) => v instanceof Handle);
  held.forEach((h) => h._hold());
  try {
    const error = await new Promise((resolve, reject) =>
      functions[name].async(...lent, (/** @type {any} */ failure, /** @type {any} */ result) => (failure ? reject(failure) : resolve(result))),
    );
    check(error);
  } finally {
    held.forEach((h) => h._release());
  }
}

/** @param {any} value */
function lend(value) {
  return value instanceof Handle ? value._lent() : value;
}

/** @param {any} error */
function check(error) {
  if (error === null) return;
  const thrown = new TvmtrtError(functions.error_code(error), functions.error_message(error));
  functions.error_delete(error);
  throw thrown;
}

/** Call a function whose last argument receives a text. @param {string} name @param {any[]} values @returns {string} */
export function text(name, ...values) {
  /** @type {any[]} */
  const out = [null];
  call(name, ...values, out);
  return taken(out);
}

/** As `text`, on another thread. @param {string} name @param {any[]} values @returns {Promise<string>} */
export async function textAsync(name, ...values) {
  /** @type {any[]} */
  const out = [null];
  await callAsync(name, ...values, out);
  return taken(out);
}

/** @param {any[]} out @returns {string} */
function taken([out]) {
  const found = functions.text_data(out);
  functions.text_delete(out);
  return found;
}

/** The version of the library that is loaded. @returns {string} */
export function version() {
  return functions.version();
}

/** @type {FinalizationRegistry<() => void>} */
const forgotten = new FinalizationRegistry((end) => end());

/** Owns one object of the library. */
export class Handle {
  #pointer;
  #noun;
  #uses = 0;
  #closed = false;

  /** @param {string} noun @param {any} pointer @param {unknown} [memory] lives until the object has ended @internal */
  constructor(noun, pointer, memory) {
    if (typeof pointer !== "bigint") throw new TypeError(`a ${noun} is not made by new`);
    this.#noun = noun;
    this.#pointer = pointer;
    forgotten.register(this, () => void [get(`${noun}_delete`, pointer), memory], this);
  }

  /** End the object: now, or when the call that uses it is done. What was made from it lives on. */
  close() {
    this.#closed = true;
    if (this.#uses === 0 && forgotten.unregister(this)) get(`${this.#noun}_delete`, this.#pointer);
  }

  /** @internal */
  _lent() {
    if (this.#closed) throw new TypeError(`this ${this.#noun} is closed`);
    return this.#pointer;
  }

  /** @internal */
  get _busy() {
    return this.#uses > 0;
  }

  /** @internal */
  _hold() {
    this.#uses++;
  }

  /** @internal */
  _release() {
    this.#uses--;
    if (this.#closed) this.close();
  }
}
