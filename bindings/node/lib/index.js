/**
 * Runs a trained network with TensorRT where there is one and with generated kernels where there is not.
 *
 * The way: `Model.load`, `model.partition`, `partition.build`, `build.session`, `session.run`. What takes time is a Promise and runs on a thread
 * of libuv's pool. A session has one run at a time; make more sessions from a build for more. `close()` ends an object now; else it ends when
 * it is collected. Objects keep alive what they were made from: close in any order.
 *
 * This file names what the package offers. It does nothing itself.
 */
export { ErrorCode, LogLevel, TvmtrtError, version } from "./library.js";
export { Build, Calibration, Model, Partition, tensorrtInfo, tensorrtInfoJson } from "./model.js";
export { Options, optionsKeys, optionsManual } from "./options.js";
export { Session } from "./session.js";
export { Tensor } from "./tensor.js";
