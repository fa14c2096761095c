// The scripts of registry/hosted with the CLIs that they call, against registries that write down what they are asked.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { stripIgnoredCharacters } from 'graphql';

import { Registries } from './registries.js';

const { ROOT, ROVER } = process.env;
const NAMES = Array.from(readFileSync(join(ROOT, 'supergraph.yaml'), 'utf8').matchAll(/^ {2}(\w+):$/gm), ([, name]) => name);
const SERVICES = NAMES.filter((name) => name !== 'nodes');
const ALL_BUT_POSTS = NAMES.filter((name) => name !== 'posts').join(' ');
const URLS = Object.fromEntries(NAMES.map((name) => [name, `https://${name}.example.com/graphql`]));
// `nodes` has an address that leads nowhere, on this machine or another.
URLS.nodes = 'http://nodes.invalid/graphql';
const sdl = (name) => readFileSync(join(ROOT, 'schema', `${name}.graphql`), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'rookery-hosted-'));
const registries = new Registries();

before(() => registries.listen());
after(() => {
  registries.close();
  rmSync(scratch, { recursive: true });
});
beforeEach(() => {
  registries.asked = [];
  registries.refuse = new Set();
});

/** Runs a program to its end; what it printed, and its exit code. */
function run(program, args, env = {}) {
  const { PATH, HOME } = process.env;
  const paths = [ROVER && dirname(ROVER), PATH].filter(Boolean).join(':');
  const child = spawn(program, args, { cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: paths, HOME, ...env } });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const script = (name, args, env) => run(join(ROOT, 'registry', 'hosted', name), args, env);

/** Addresses as a deployment would give them: one by an option, the others by variables. */
const addresses = Object.fromEntries(
  SERVICES.filter((name) => name !== 'messaging').map((name) => [`ROUTING_URL_${name.toUpperCase()}`, URLS[name]]),
);
const option = ['--routing-url', `messaging=${URLS.messaging}`];

const hive = () => ({
  HIVE_TOKEN: 'token',
  HIVE_TARGET: 'birds/rookery/production',
  HIVE_REGISTRY: `${registries.origin}/hive`,
  HIVE_AUTHOR: 'Ada',
  HIVE_COMMIT: 'abc',
});

const graphos = () => ({
  APOLLO_KEY: 'service:rookery:key',
  APOLLO_GRAPH_REF: 'rookery@production',
  APOLLO_REGISTRY_URL: `${registries.origin}/graphos`,
  APOLLO_CONFIG_HOME: scratch,
});

/** What either registry is to get of a subgraph; Hive's CLI takes white space and comments out. */
const hiveHas = (name) => ({ service: name, url: URLS[name], sdl: stripIgnoredCharacters(sdl(name)) });
const graphosHas = (name) => ({ service: name, url: URLS[name], sdl: sdl(name) });

test('Hive gets every subgraph to check, with its address', async () => {
  const { code, output } = await script('hive', ['check', ...option], { ...hive(), ...addresses });
  assert.equal(code, 0, output);
  const inputs = registries.variables('CLI_SchemaCheckMutation').map(({ input }) => input);
  assert.deepEqual(inputs.map(({ service, url, sdl }) => ({ service, url, sdl })), NAMES.map(hiveHas));
  for (const { meta, target } of inputs) {
    assert.deepEqual(meta, { author: 'Ada', commit: 'abc' });
    assert.deepEqual(target.bySelector, { organizationSlug: 'birds', projectSlug: 'rookery', targetSlug: 'production' });
  }
  assert.equal(registries.asked[0].headers.authorization, 'Bearer token');
});

test('Hive does not get the addresses of a developer\'s machine', async () => {
  const { code, output } = await script('hive', ['check'], hive());
  assert.equal(code, 0, output);
  const inputs = registries.variables('CLI_SchemaCheckMutation').map(({ input }) => input.url);
  assert.deepEqual(inputs, [...SERVICES.map(() => undefined), URLS.nodes]);
});

test('a subgraph that Hive refuses fails the check, after the others were checked', async () => {
  registries.refuse = new Set(['posts']);
  const { code, output } = await script('hive', ['check'], hive());
  assert.equal(code, 1, output);
  assert.match(output, new RegExp(`check refused: posts; done: ${ALL_BUT_POSTS}`));
  assert.match(output, /a field is gone/);
});

test('Hive gets every subgraph that is published, without what is left out', async () => {
  const { code, output } = await script('hive', ['publish', ...option, '--without', 'nodes'], { ...hive(), ...addresses });
  assert.equal(code, 0, output);
  const inputs = registries.variables('schemaPublish').map(({ input }) => input);
  const got = inputs.map(({ service, url, schema }) => ({ service, url, sdl: schema.sdl }));
  assert.deepEqual(got, SERVICES.map(hiveHas));
  for (const { author, commit } of inputs) assert.deepEqual([author, commit], ['Ada', 'abc']);
});

test('nothing is published to Hive after a subgraph that it refuses', async () => {
  registries.refuse = new Set(['posts']);
  const { code, output } = await script('hive', ['publish', ...option], { ...hive(), ...addresses });
  assert.equal(code, 1, output);
  assert.match(output, /publish refused: posts; done: users\n/);
  assert.deepEqual(registries.variables('schemaPublish').map(({ input }) => input.service), ['users', 'posts']);
});

const rover = { skip: ROVER ? false : 'npm has no Rover for this machine' };

test('GraphOS gets every subgraph to check', rover, async () => {
  const { code, output } = await script('graphos', ['check'], graphos());
  assert.equal(code, 0, output);
  const asked = registries.variables('SubgraphCheckMutation');
  assert.deepEqual(asked.map(({ input }) => [input.subgraphName, input.proposedSchema]), NAMES.map((name) => [name, sdl(name)]));
  for (const { graph_id, name } of asked) assert.deepEqual([graph_id, name], ['rookery', 'production']);
  assert.equal(registries.asked[0].headers['x-api-key'], 'service:rookery:key');
});

test('a subgraph that GraphOS refuses fails the check, after the others were checked', rover, async () => {
  registries.refuse = new Set(['posts']);
  const { code, output } = await script('graphos', ['check'], graphos());
  assert.equal(code, 1, output);
  assert.match(output, new RegExp(`check refused: posts; done: ${ALL_BUT_POSTS}`));
});

test('GraphOS gets every subgraph that is published, without what is left out', rover, async () => {
  const { code, output } = await script('graphos', ['publish', ...option, '--without', 'nodes'], { ...graphos(), ...addresses });
  assert.equal(code, 0, output);
  const got = registries.variables('SubgraphPublishMutation').map((it) => ({ service: it.subgraph, url: it.url, sdl: it.schema.sdl }));
  assert.deepEqual(got, SERVICES.map(graphosHas));
});

test('nothing is published to GraphOS after a subgraph that it refuses', rover, async () => {
  registries.refuse = new Set(['posts']);
  const { code, output } = await script('graphos', ['publish', ...option], { ...graphos(), ...addresses });
  assert.equal(code, 1, output);
  assert.match(output, /publish refused: posts; done: users\n/);
  assert.deepEqual(registries.variables('SubgraphPublishMutation').map((it) => it.subgraph), ['users', 'posts']);
});

test('Rover reads supergraph.yaml, and it composes to the committed supergraph', rover, async () => {
  // A composer that is there already is used instead of one that has to be downloaded.
  const plugins = join(scratch, '.rover', 'bin');
  mkdirSync(plugins, { recursive: true });
  const composer = `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'composer.js')}' "$@"\n`;
  writeFileSync(join(plugins, 'supergraph-v2.99.0'), composer, { mode: 0o755 });
  const composed = join(scratch, 'supergraph.graphql');
  const config = join(ROOT, 'supergraph.yaml');
  const { code, output } = await run(
    'rover',
    ['supergraph', 'compose', '--config', config, '--elv2-license', 'accept', '--skip-update', '--output', composed],
    { HOME: scratch, APOLLO_TELEMETRY_DISABLED: '1', APOLLO_ROVER_SKIP_UPDATE: '1' },
  );
  assert.equal(code, 0, output);
  const committed = readFileSync(join(ROOT, 'schema', 'supergraph.graphql'), 'utf8');
  assert.equal(readFileSync(composed, 'utf8').trimEnd(), committed.trimEnd());
});

for (const name of ['hive', 'graphos']) {
  const all = () => ({ ...hive(), ...graphos(), ...addresses });

  test(`${name}: nothing is published with the address of a developer's machine`, async () => {
    const { code, output } = await script(name, ['publish'], all());
    assert.equal(code, 2, output);
    assert.match(output, /messaging: where do routers reach it\? Set ROUTING_URL_MESSAGING or --routing-url messaging=URL/);
    assert.doesNotMatch(output, new RegExp(NAMES.filter((it) => it !== 'messaging').map((it) => `${it}: `).join('|')));
    assert.deepEqual(registries.asked, []);
  });

  for (const missing of name === 'hive' ? ['HIVE_TOKEN', 'HIVE_TARGET'] : ['APOLLO_KEY', 'APOLLO_GRAPH_REF']) {
    test(`${name}: says that ${missing} is missing`, async () => {
      const { code, output } = await script(name, ['check'], { ...all(), [missing]: '' });
      assert.equal(code, 2, output);
      assert.match(output, new RegExp(`^${name}: ${missing} is not set: `));
      assert.deepEqual(registries.asked, []);
    });
  }

  test(`${name}: says what is wrong with its arguments`, async () => {
    const cases = {
      'usage: ': [[], ['pubish']],
      'is no option': [['check', '--witout', 'nodes']],
      'needs a value': [['check', '--without']],
      [`node is no subgraph of .*those are ${NAMES.join(', ')}`]: [['check', '--without', 'node']],
      'expected NAME=URL': [['check', '--routing-url', 'users']],
      'expected an http or https URL': [['check', '--routing-url', 'users=users:4001']],
    };
    for (const [message, lines] of Object.entries(cases)) {
      for (const line of lines) {
        const { code, output } = await script(name, line, all());
        assert.equal(code, 2, output);
        assert.match(output, new RegExp(message));
      }
    }
    assert.deepEqual(registries.asked, []);
  });
}

test('what is not in the form of supergraph.yaml is refused with its line', async () => {
  const file = join(scratch, 'odd.yaml');
  const cases = {
    'subgraphs: {users: {}}': /odd.yaml:1: expected `key:`/,
    'subgraphs:\n  users:\n    - a': /odd.yaml:3: expected `key:`/,
    'subgraphs:\n  users:\n    routing_url: http:\/\/a\n   schema:': /odd.yaml:4: `schema` is indented like nothing before it/,
    'subgraphs:\n  users:\n    schema:\n      subgraph_url: http:\/\/a': /users has no `schema.file`/,
    'subgraphs:\n  users:\n    schema:\n      file: none.graphql': /none.graphql is no file/,
    'subgraphs:\n  a:\n  a:': /odd.yaml:3: `a` is there twice/,
    'subgraphs:\n': /`subgraphs` has none/,
  };
  for (const [text, message] of Object.entries(cases)) {
    writeFileSync(file, text);
    const { code, output } = await script('subgraphs', ['check', '--config', file]);
    assert.equal(code, 2, output);
    assert.match(output, message);
  }
});

test('the loop of the docs takes a new supergraph from the CDN, and leaves the file alone otherwise', async (t) => {
  const docs = readFileSync(join(ROOT, 'docs', 'hosted-registries.md'), 'utf8');
  const loop = /<!-- cdn -->\n```sh\n(.*?)```/s.exec(docs)[1];
  const file = join(scratch, 'from-cdn.graphql');
  /** Starts the loop; what is returned ends it, and what it has started with it. */
  const start = (key) => {
    const env = {
      PATH: process.env.PATH,
      SUPERGRAPH_FILE: file,
      HIVE_CDN_ENDPOINT: `${registries.origin}/cdn`,
      HIVE_CDN_ACCESS_TOKEN: key,
      CDN_SECONDS: '0.1',
    };
    const child = spawn('bash', ['-c', loop], { env, stdio: 'ignore', detached: true });
    const ended = once(child, 'close');
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
      await ended;
    };
    t.after(stop);
    return stop;
  };
  const statuses = () => registries.asked.map(({ status }) => status);
  // The answer to a request is worked on before the next request comes.
  const asked = async (count) => {
    while (registries.asked.length < count) await once(registries, 'asked');
  };

  registries.supergraph = 'the first';
  let stop = start('cdn-key');
  await asked(3);
  assert.deepEqual(statuses().slice(0, 3), [200, 304, 304]);
  assert.equal(readFileSync(file, 'utf8'), 'the first');
  const before = statSync(file);

  registries.supergraph = 'another one';
  registries.asked = [];
  await asked(3);
  assert.deepEqual(statuses().slice(0, 3), [200, 304, 304]);
  assert.equal(readFileSync(file, 'utf8'), 'another one');
  // Another file in its place, and not the same one written again: nobody reads half of it.
  assert.notEqual(statSync(file).ino, before.ino);
  await stop();

  registries.asked = [];
  registries.supergraph = 'not for everybody';
  stop = start('another key');
  await asked(2);
  await stop();
  assert.deepEqual(statuses().slice(0, 2), [403, 403]);
  assert.equal(readFileSync(file, 'utf8'), 'another one');
});
