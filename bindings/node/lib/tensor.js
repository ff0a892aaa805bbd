/** Tensors: typed arrays with a shape, and the library's form of them. Nothing is copied. */
import koffi from "koffi";
import { DLManagedTensorVersioned, Deleter } from "./prototypes.js";

/** @typedef {Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array | Uint32Array | BigUint64Array} Data */

/** DLPack's code and bits of each element type, and the array that holds it. @type {Record<string, [number, number, any]>} */
const TYPES = {
  float32: [2, 32, Float32Array],
  float64: [2, 64, Float64Array],
  int8: [0, 8, Int8Array],
  int16: [0, 16, Int16Array],
  int32: [0, 32, Int32Array],
  int64: [0, 64, BigInt64Array],
  uint8: [1, 8, Uint8Array],
  uint16: [1, 16, Uint16Array],
  uint32: [1, 32, Uint32Array],
  uint64: [1, 64, BigUint64Array],
  bool: [6, 8, Uint8Array],
  float16: [2, 16, Uint16Array],
  bfloat16: [4, 16, Uint16Array],
};

/** Elements in row-major order with their shape. */
export class Tensor {
  /** @param {Data} data lent, not copied @param {readonly number[]} dims @param {string} [dtype] needed for bool, float16 and bfloat16 only */
  constructor(data, dims, dtype = Object.keys(TYPES).find((t) => data instanceof TYPES[t][2]) ?? "") {
    if (!(data instanceof (TYPES[dtype]?.[2] ?? Boolean))) throw new TypeError(`${data?.constructor?.name} does not hold ${dtype || "elements of a tensor"}`);
    const wanted = dims.reduce((a, b) => a * b, 1);
    if (wanted !== data.length) throw new RangeError(`${data.length} elements do not fill the shape [${dims.join(", ")}]`);
    this.data = data;
    this.dims = [...dims];
    this.dtype = dtype;
  }

  /** A tensor of zeros. @param {string} dtype @param {readonly number[]} dims */
  static zeros(dtype, dims) {
    if (!TYPES[dtype]) throw new TypeError(`there is no element type ${dtype}`);
    return new Tensor(new TYPES[dtype][2](dims.reduce((a, b) => a * b, 1)), dims, dtype);
  }
}

/** The library's form of a tensor, to be lent for a call during which the caller keeps the result and the tensor. @param {Tensor} tensor @internal */
export function toDLTensor({ data, dims, dtype }) {
  const [code, bits] = TYPES[dtype];
  const shape = BigInt64Array.from(dims, BigInt);
  return { data: data.length ? koffi.address(data) : null, device: { device_type: 1, device_id: 0 }, ndim: dims.length, dtype: { code, bits, lanes: 1 }, shape, strides: null, byte_offset: 0 };
}

// A tensor of the library ends when nothing looks at its memory any more.
/** @type {FinalizationRegistry<bigint>} */
const owned = new FinalizationRegistry(release);

/** @param {bigint} address */
function release(address) {
  koffi.call(koffi.decode(address, DLManagedTensorVersioned).deleter, Deleter, address);
}

/** Takes over a dense tensor that the library has made. @param {bigint} address @internal */
export function fromManaged(address) {
  const { dl_tensor: t } = koffi.decode(address, DLManagedTensorVersioned);
  const [dtype, [, bits, Kind]] = Object.entries(TYPES).find(([, [code, b]]) => code === t.dtype.code && b === t.dtype.bits) ?? ["", [0, 0, null]];
  const dims = t.ndim ? Array.from(koffi.decode(t.shape, "int64_t", t.ndim), Number) : [];
  const size = (dims.reduce((a, b) => a * b, 1) * bits) / 8;
  if (!Kind || size === 0) {
    release(address);
    if (!Kind) throw new TypeError(`an output has the element type ${t.dtype.code} with ${t.dtype.bits} bits`);
    return Tensor.zeros(dtype, dims);
  }
  const memory = koffi.view(t.data + BigInt(t.byte_offset), size);
  owned.register(memory, address);
  return new Tensor(new Kind(memory), dims, dtype);
}
