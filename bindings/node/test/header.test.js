/** The prototypes and constants are those of include/tvmtrt.h; what is not there is listed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ErrorCode, FORMAT, LogLevel, version } from "../lib/library.js";
import { CALLBACKS, FUNCTIONS } from "../lib/prototypes.js";
import { REPOSITORY } from "./repository.js";

const NOT_CALLED = {
  tvmtrt_version_major: "tvmtrt_version says it",
  tvmtrt_version_minor: "tvmtrt_version says it",
  tvmtrt_version_patch: "tvmtrt_version says it",
  tvmtrt_text_size: "texts hold no NUL",
  tvmtrt_value_dtype: "tvmtrt_value_dtype_name says it",
  tvmtrt_model_clone: "references are shared",
  tvmtrt_partition_clone: "references are shared",
  tvmtrt_build_clone: "references are shared",
};
const header = readFileSync(`${REPOSITORY}/include/tvmtrt.h`, "utf8");
const code = header.replaceAll(/\/\*[^]*?\*\//g, "");
const plain = (/** @type {string} */ text) => text.replaceAll(/\s+/g, " ").trim();

test("prototypes", () => {
  const declared = [...code.matchAll(/^(?:TVMTRT_MUST_USE\s+)?([a-zA-Z][\w ]*\*?\s*\**tvmtrt_\w+\([^;{}]*\));/gm)].map((m) => plain(m[1]));
  assert.ok(declared.length >= 70, `${declared.length} prototypes`);
  const listed = declared.filter((d) => !Object.hasOwn(NOT_CALLED, /tvmtrt_\w+(?=\()/.exec(d)?.[0] ?? ""));
  assert.deepEqual([...FUNCTIONS].sort(), listed.sort());
  assert.equal(declared.length, FUNCTIONS.length + Object.keys(NOT_CALLED).length);
});

test("callbacks", () => {
  const declared = [...code.matchAll(/typedef (\w+) \(\*(tvmtrt_\w+)\)(\([^;]*\));/g)].map((m) => plain(`${m[1]} ${m[2]}${m[3]}`));
  assert.deepEqual(declared.sort(), [...CALLBACKS].sort());
});

test("constants", () => {
  for (const [prefix, values] of /** @type {const} */ ([["ERROR", ErrorCode], ["LOG", LogLevel], ["FORMAT", FORMAT]])) {
    const declared = [...header.matchAll(new RegExp(`#define TVMTRT_${prefix}_(\\w+) (\\d+)`, "g"))];
    assert.deepEqual({ ...values }, Object.fromEntries(declared.map((m) => [m[1], Number(m[2])])));
  }
});

test("version", () => {
  assert.equal(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version, version());
});
