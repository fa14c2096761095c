// `clients/run` has made types of the schema, and compiled `program.ts` with them, and `wrong.ts`, which expects errors.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parse, print, visit } from 'graphql';

import { authorization, graph, named, scene } from '../scene.js';
import { name, timeline, write } from './build/program.js';

let world;
let session;
before(async () => {
  world = await scene();
  session = { graph, headers: { ...named('codegen'), ...authorization(world.reader) } };
});

test('a typed program runs', async () => {
  const lines = await timeline(session, 2);
  assert.equal(lines.length, 5);
  assert.match(lines[0], new RegExp(`^20\\d\\d ${world.author.username}: five$`));
  assert.match((await write(session, 'typed')).line, new RegExp(`${world.reader.username}: typed$`));
  assert.deepEqual(await write(session, ' '), { code: 'POST_TEXT_REQUIRED' });
  await assert.rejects(timeline({ ...session, headers: {} }, 2), /UNAUTHENTICATED/);
});

test('the types tell apart what there is by an id', async () => {
  assert.equal(await name(session, world.author.id), `@${world.author.username}`);
  assert.equal(await name(session, world.posts[0].id), 'five');
  assert.equal(await name(session, 'no id'), 'nothing');
});

test('a schema without a field that the program asks for is refused', () => {
  const clients = fileURLToPath(new URL('..', import.meta.url));
  const scratch = mkdtempSync(join(clients, 'codegen/refused-'));
  try {
    const schema = visit(parse(readFileSync(join(clients, '../schema/api.graphql'), 'utf8')), {
      ObjectTypeDefinition: (type) =>
        type.name.value === 'Post'
          ? { ...type, fields: type.fields.filter((field) => field.name.value !== 'text') }
          : undefined,
    });
    writeFileSync(join(scratch, 'schema.graphql'), print(schema));
    const config = JSON.parse(readFileSync(join(clients, 'codegen/codegen.json'), 'utf8'));
    config.schema = join(scratch, 'schema.graphql');
    config.generates = { [`${scratch}/gql/`]: config.generates['codegen/gql/'] };
    writeFileSync(join(scratch, 'codegen.json'), JSON.stringify(config));
    const { status, stdout, stderr } = spawnSync('graphql-codegen', ['--config', join(scratch, 'codegen.json')], {
      cwd: clients,
      encoding: 'utf8',
    });
    assert.notEqual(status, 0, stdout + stderr);
    assert.match(stdout + stderr, /Cannot query field "text" on type "Post"/);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
