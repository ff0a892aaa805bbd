/** Where the scenario and the header are; a copy of this package is told by TVMTRT_REPOSITORY. */
import { fileURLToPath } from "node:url";

export const REPOSITORY = process.env.TVMTRT_REPOSITORY ?? fileURLToPath(new URL("../../..", import.meta.url));
export const CLASSIFIER = `${REPOSITORY}/tests/clients/classifier.onnx`;
