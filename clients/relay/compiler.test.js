// What Relay demands of a schema, its compiler says: without any of this it refuses the very same sources.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parse, print, visit } from 'graphql';

const here = fileURLToPath(new URL('.', import.meta.url));
const scratch = mkdtempSync(join(here, 'refused-'));
after(() => rmSync(scratch, { recursive: true }));
const schema = readFileSync(join(here, '../../schema/api.graphql'), 'utf8');

/** What the compiler says to the sources with another schema: its exit code and its words. */
function compile(schema) {
  const project = mkdtempSync(join(scratch, 'project-'));
  cpSync(join(here, 'src'), join(project, 'src'), {
    recursive: true,
    filter: (path) => !path.includes('__generated__'),
  });
  mkdirSync(join(project, 'src/__generated__'));
  writeFileSync(join(project, 'schema.graphql'), schema);
  writeFileSync(join(project, 'documents.json'), '{}');
  const config = JSON.parse(readFileSync(join(here, 'relay.config.json'), 'utf8'));
  config.schema = './schema.graphql';
  config.persistConfig.file = './documents.json';
  writeFileSync(join(project, 'relay.config.json'), JSON.stringify(config));
  const options = { cwd: project, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync('relay-compiler', ['relay.config.json'], options);
  return { status, said: stdout + stderr };
}

/** The schema without a field of a type. */
const without = (type, name) => changed(type, (definition) => ({
  ...definition,
  fields: definition.fields.filter((field) => field.name.value !== name),
}));

/** The schema with another definition of a type, which must be another one. */
function changed(type, change) {
  const document = visit(parse(schema), {
    ObjectTypeDefinition: (definition) => (definition.name.value === type ? change(definition) : undefined),
  });
  assert.notEqual(print(document), print(parse(schema)));
  return print(document);
}

test('the schema as it is, is taken', () => {
  const { status, said } = compile(schema);
  assert.equal(status, 0, said);
});

const noNode = (definition) => ({ ...definition, interfaces: [] });

for (const [name, schema, why] of [
  ['no Query.node', without('Query', 'node'), /your schema defines a `Node \{ id: ID \}` interface and has a `node\(id: ID\): Node` field/],
  ['users that are no nodes', changed('User', noNode), /only supported are fragments on:[^]*object types that implement the Node interface/],
  ['a connection without pageInfo', without('PostConnection', 'pageInfo'), /'PostConnection' to expose a 'pageInfo' field/],
  ['a page that does not say where it ends', without('PageInfo', 'endCursor'), /'pageInfo \{ endCursor \}' field/],
  ['edges without cursors', without('PostEdge', 'cursor'), /'edges \{ cursor \}' field/],
]) {
  test(`refused: ${name}`, () => {
    const { status, said } = compile(schema);
    assert.notEqual(status, 0, said);
    assert.match(said, why);
  });
}
