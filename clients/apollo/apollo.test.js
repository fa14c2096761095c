import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { CombinedGraphQLErrors, gql } from '@apollo/client';

import { scene, send, until } from '../scene.js';
import { client } from './client.js';
import { CONVERSATION, LIKE, NODE, RECEIVED, TIMELINE } from './documents.js';

let world;
let reader;
let nobody;
before(async () => {
  world = await scene();
  reader = client(world.reader);
  nobody = client();
});
after(() => Promise.all([reader.close(), nobody.close()]));

/** Keeps something on a screen: everything that it has shown, and the query behind it. */
async function show({ apollo }, options) {
  const query = apollo.watchQuery(options);
  const shown = [];
  const watch = query.subscribe(({ data, dataState }) => dataState === 'complete' && shown.push(data));
  await until('something to show', () => shown.length);
  return { query, shown, now: () => shown.at(-1), close: () => watch.unsubscribe() };
}

const texts = ({ timeline }) => timeline.edges.map(({ node }) => node.text);

test('pages of the timeline make one list', async () => {
  const screen = await show(reader, { query: TIMELINE, variables: { first: 2 } });
  assert.deepEqual(texts(screen.now()), ['five', 'four']);
  for (let page = 0; page < 2; page += 1) {
    const { pageInfo } = screen.now().timeline;
    assert.equal(pageInfo.hasNextPage, true);
    await screen.query.fetchMore({ variables: { after: pageInfo.endCursor } });
    const length = Math.min(5, 4 + 2 * page);
    await until('the next page', () => texts(screen.now()).length === length);
  }
  assert.deepEqual(texts(screen.now()), ['five', 'four', 'three', 'two', 'one']);
  assert.equal(screen.now().timeline.pageInfo.hasNextPage, false);
  screen.close();
});

test('what a list has brought is there by its id, without a request', async () => {
  const [post] = world.posts;
  const query = gql`query Cached($id: ID!) { post(id: $id) { id text author { id username } } }`;
  const { data } = await reader.apollo.query({ query, variables: { id: post.id }, fetchPolicy: 'cache-only' });
  assert.equal(data.post.text, post.text);
  assert.equal(data.post.author.username, world.author.username);
  assert.ok(reader.apollo.cache.extract()[`Post:${post.id}`], 'it is kept by type and id');
});

test('a like shows before the server answers, wherever the post is shown', async () => {
  const screen = await show(reader, { query: TIMELINE, variables: { first: 2 }, fetchPolicy: 'cache-only' });
  const [{ id }] = world.posts;
  const post = { __typename: 'Post', id, likeCount: 41, viewerHasLiked: true };
  const { data } = await reader.apollo.mutate({
    mutation: LIKE,
    variables: { input: { postId: id } },
    // A number that the server would not say.
    optimisticResponse: { likePost: { __typename: 'LikePostPayload', post, userErrors: [] } },
  });
  screen.close();
  assert.deepEqual(data.likePost.userErrors, []);
  assert.deepEqual(screen.shown.map(({ timeline }) => timeline.edges[0].node.likeCount), [0, 41, 1]);
});

test('a rule that is broken is data, and not an error', async () => {
  const { data, error } = await reader.apollo.mutate({ mutation: LIKE, variables: { input: { postId: world.reader.id } } });
  assert.equal(error, undefined);
  assert.equal(data.likePost.post, null);
  assert.equal(data.likePost.userErrors[0].code, 'POST_NOT_FOUND');
});

test('what needs a token says so by a code', async () => {
  await assert.rejects(nobody.apollo.query({ query: TIMELINE, variables: { first: 1 } }), (error) => {
    assert.ok(CombinedGraphQLErrors.is(error));
    assert.equal(error.errors[0].extensions.code, 'UNAUTHENTICATED');
    return true;
  });
});

test('anything by its id, kept with everything of its type', async () => {
  const [, { id, text }] = world.posts;
  const { data } = await nobody.apollo.query({ query: NODE, variables: { id } });
  assert.deepEqual(data.node, { __typename: 'Post', id, text, likeCount: 0 });
  assert.equal(nobody.apollo.cache.extract()[`Post:${id}`].text, text);
  const fragment = gql`fragment Anything on Node { id }`;
  const kept = nobody.apollo.cache.readFragment({ fragment, id: `Post:${id}` });
  assert.equal(kept.id, id, 'a fragment on the interface fits');
});

test('a message that arrives changes the conversation that is shown', async () => {
  const first = await send(world.author, world.reader, 'to begin after');
  const screen = await show(reader, { query: CONVERSATION, variables: { id: first.conversation } });
  assert.equal(screen.now().conversation.unreadCount, 1);
  const arriving = reader.apollo.subscribe({ query: RECEIVED, variables: { after: first.id } }).subscribe(() => {});
  await send(world.author, world.reader, 'and this');
  await until('the new message', () => screen.now().conversation.latestMessage.text === 'and this');
  assert.equal(screen.now().conversation.unreadCount, 2);
  arriving.unsubscribe();
  screen.close();
});
