import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildSchema, parse, validate } from "graphql";

const root = process.env.ROOT;
const schema = buildSchema(readFileSync(join(root, "schema/api.graphql"), "utf8"));
const folder = join(root, "playground/app/src/examples");

test("every example fits the schema, and its lines fit the editor", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".graphql"));
  assert.ok(files.length >= 8, files.join());
  for (const name of files) {
    const text = readFileSync(join(folder, name), "utf8");
    assert.deepEqual(validate(schema, parse(text)).map(String), [], name);
    const long = text.split("\n").filter((line) => line.length > 72);
    assert.deepEqual(long, [], name);
  }
});
