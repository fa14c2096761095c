import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { gql } from '@urql/core';

import { operation } from '../documents.js';
import { scene, until } from '../scene.js';
import { client } from './client.js';

const TIMELINE = operation('urql', 'UrqlTimeline');
const LIKE = operation('urql', 'UrqlLike');

let world;
let urql;
before(async () => {
  world = await scene();
  urql = client({ ...world.reader });
});

const texts = ({ timeline }) => timeline.edges.map(({ node }) => node.text);

test('pages of the timeline make one list', async () => {
  let after = null;
  for (const expected of [2, 4, 5]) {
    const { data, error } = await urql.query(TIMELINE, { first: 2, after }).toPromise();
    assert.equal(error, undefined);
    assert.deepEqual(texts(data), ['five', 'four', 'three', 'two', 'one'].slice(0, expected));
    assert.equal(data.timeline.pageInfo.hasNextPage, expected < 5);
    after = data.timeline.pageInfo.endCursor;
  }
});

test('what a list has brought is there by its id, without a request', async () => {
  const [{ id, text }] = world.posts;
  const query = gql`query Cached($id: ID!) { post(id: $id) { id text author { username } } }`;
  const { data, stale } = await urql.query(query, { id }, { requestPolicy: 'cache-only' }).toPromise();
  assert.deepEqual([data?.post.text, stale], [text, false]);
  assert.equal(data.post.author.username, world.author.username);
});

test('a like shows before the server knows of it, and the server has the last word', async () => {
  let release;
  const held = new Promise((done) => (release = done));
  const patient = client({ ...world.reader }, async (url, init) => {
    if (init.body.includes('UrqlLike')) await held;
    return fetch(url, init);
  });
  const likes = [];
  const count = ({ data }) => data.timeline.edges[0].node.likeCount;
  const page = { first: 1, after: null };
  const watch = patient.query(TIMELINE, page).subscribe((result) => likes.push(count(result)));
  await until('the page', () => likes.length);
  const [{ id }] = world.posts;
  const answer = patient.mutation(LIKE, { input: { postId: id } }).toPromise();
  await until('a like on this page', () => likes.at(-1) === 1);
  const elsewhere = () => client({ ...world.reader }).query(TIMELINE, page).toPromise();
  assert.equal(count(await elsewhere()), 0);
  release();
  const { data, error } = await answer;
  watch.unsubscribe();
  assert.equal(error, undefined);
  assert.deepEqual([data.likePost.post.likeCount, data.likePost.userErrors], [1, []]);
  assert.equal(count(await elsewhere()), 1);
});

test('a rule that is broken is data, and not an error', async () => {
  const { data, error } = await urql.mutation(LIKE, { input: { postId: world.author.id } }).toPromise();
  assert.equal(error, undefined);
  assert.equal(data.likePost.userErrors[0].code, 'POST_NOT_FOUND');
});

test('anything by its id: the cache knows what implements Node', async () => {
  for (const [id, expected] of [
    [world.posts[0].id, { __typename: 'Post', id: world.posts[0].id, text: 'five' }],
    [world.author.id, { __typename: 'User', id: world.author.id, username: world.author.username }],
  ]) {
    const { data, error } = await urql.query(operation('urql', 'UrqlNode'), { id }).toPromise();
    assert.equal(error, undefined);
    assert.deepEqual({ ...data.node }, expected);
  }
});

test('a token that is not taken any more is exchanged, and the request goes out again', async () => {
  const session = { accessToken: 'not.a.token', refreshToken: world.author.refreshToken };
  const { data, error } = await client(session).query(operation('urql', 'UrqlViewer'), {}).toPromise();
  assert.equal(error, undefined);
  assert.equal(data.viewer.id, world.author.id);
  assert.notEqual(session.refreshToken, world.author.refreshToken, 'a refresh token is good once');
});
