import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { ClientError, GraphQLClient, gql } from 'graphql-request';

import { graph, scene } from '../scene.js';
import { Refused, Script } from './client.js';

let world;
let script;
before(async () => {
  world = await scene();
  script = new Script();
  await script.signIn(world.author.email, world.author.password);
});

async function texts(posts) {
  const all = [];
  for await (const { text } of posts) all.push(text);
  return all;
}

test('signs in, writes, reads page after page, deletes', async () => {
  const post = await script.post('from a script');
  assert.equal(post.author.username, world.author.username);
  assert.match(post.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const all = ['from a script', 'five', 'four', 'three', 'two', 'one'];
  assert.deepEqual(await texts(script.postsOf(world.author.username)), all);
  assert.equal(await script.delete(post.id), post.id);
  assert.deepEqual(await texts(script.postsOf(world.author.username)), all.slice(1));
});

test('what the input does wrong has a code', async () => {
  await assert.rejects(script.post(' '), (error) => error instanceof Refused && error.code === 'POST_TEXT_REQUIRED');
  await assert.rejects(new Script().signIn(world.author.email, 'wrong password'), { code: 'INVALID_CREDENTIALS' });
});

test('what the sender may not do has a code as well, and the answer comes with it', async () => {
  await assert.rejects(new Script().post('by nobody'), (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.response.errors[0].extensions.code, 'UNAUTHENTICATED');
    return true;
  });
});

test('there are no batches: each operation is a request', async () => {
  const client = new GraphQLClient(graph);
  const document = gql`{ viewer { id } }`;
  await assert.rejects(client.batchRequests([{ document }, { document }]), (error) => {
    assert.equal(error.response.status, 400);
    return true;
  });
});
