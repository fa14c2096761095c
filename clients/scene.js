// What every client finds when it comes: a reader who follows an author, and what the author has written.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';

export const origin = process.env.ORIGIN;
export const graph = `${origin}/graphql`;
export const socket = graph.replace(/^http/, 'ws');

const PASSWORD = 'a long enough password';

/** Who a client is, in the headers by which the graph tells clients apart. */
export const named = (name) => ({ 'graphql-client-name': name, 'graphql-client-version': '1.0.0' });

export const authorization = (person) => ({ authorization: `Bearer ${person.accessToken}` });

/** The data of an answer without errors. */
async function ask(query, variables, person) {
  const response = await fetch(graph, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...named('scene'), ...(person && authorization(person)) },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer));
  return answer.data;
}

/** Registers and signs in somebody new: id, username, email, password, accessToken, refreshToken. */
export async function somebody() {
  const username = `c${randomBytes(8).toString('hex')}`;
  const account = { email: `${username}@example.com`, username, password: PASSWORD };
  const { register } = await ask(
    'mutation Register($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }',
    { input: account },
  );
  const { login } = await ask(
    'mutation Login($input: LoginInput!) { login(input: $input) { accessToken refreshToken userErrors { code } } }',
    { input: { email: account.email, password: PASSWORD } },
  );
  return { ...account, id: register.user.id, accessToken: login.accessToken, refreshToken: login.refreshToken };
}

/** Writes a post; its id. */
export async function write(author, text) {
  const { createPost } = await ask(
    'mutation Write($input: CreatePostInput!) { createPost(input: $input) { post { id } userErrors { code } } }',
    { input: { text } },
    author,
  );
  return createPost.post.id;
}

/** Sends a message; the ids of the message and of the conversation. */
export async function send(from, to, text) {
  const { sendMessage } = await ask(
    `mutation Send($input: SendMessageInput!) {
      sendMessage(input: $input) { message { id conversation { id } } userErrors { code } } }`,
    { input: { recipientId: to.id, text, idempotencyKey: randomUUID() } },
    from,
  );
  return { id: sendMessage.message.id, conversation: sendMessage.message.conversation.id };
}

/** The reader, the author, and the texts and ids of five posts, newest first. */
export async function scene() {
  const [reader, author] = await Promise.all([somebody(), somebody()]);
  await ask(
    'mutation Follow($input: FollowUserInput!) { followUser(input: $input) { userErrors { code } } }',
    { input: { userId: author.id } },
    reader,
  );
  const posts = [];
  for (const text of ['one', 'two', 'three', 'four', 'five']) {
    posts.unshift({ id: await write(author, text), text });
  }
  return { reader, author, posts };
}

/** Waits until something is as it should be. */
export async function until(what, is) {
  const late = Date.now() + 30_000;
  for (;;) {
    const value = await is();
    if (value) return value;
    assert.ok(Date.now() < late, `it did not come to be: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
