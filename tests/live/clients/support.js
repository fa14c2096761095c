// What every client does here, whoever made it: messages come as they are sent, and go on where they were.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

export const origin = process.env.ORIGIN;
export const graph = `${origin}/graphql`;
export const socket = graph.replace(/^http/, 'ws');

export const RECEIVED =
  'subscription Received($after: ID) { messageReceived(after: $after) { id text sender { username } } }';

const PASSWORD = 'correct horse battery';
const PATIENCE = 30_000;

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** One of the demo's people: username, id, token. */
export async function person(username) {
  const login = 'mutation($input: LoginInput!) { login(input: $input) { accessToken } }';
  const { accessToken: token } = (await ask(undefined, login, {
    input: { email: `${username}@example.com`, password: PASSWORD },
  })).login;
  const { viewer } = await ask({ token }, '{ viewer { id username } }');
  return { ...viewer, token };
}

/** The data of an answer without errors. */
export async function ask(who, query, variables = {}) {
  const response = await fetch(graph, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(who && authorization(who)) },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer));
  return answer.data;
}

export const authorization = (who) => ({ Authorization: `Bearer ${who.token}` });

/** Sends a message; its id and its conversation's. */
export async function send(from, to, text) {
  const mutation = `mutation($input: SendMessageInput!) {
    sendMessage(input: $input) { message { id conversation { id } } userErrors { code } } }`;
  const input = { recipientId: to.id, text, idempotencyKey: randomUUID() };
  const { message, userErrors } = (await ask(from, mutation, { input })).sendMessage;
  assert.deepEqual(userErrors, []);
  return { id: message.id, conversation: message.conversation.id };
}

/** What comes of a stream, to be taken in its order. */
export class Watch {
  #came = [];
  #wake = () => {};
  #failure;

  next = (item) => {
    this.#came.push(item);
    this.#wake();
  };

  fail = (failure) => {
    this.#failure = failure;
    this.#wake();
  };

  /** Waits for so many. */
  async take(count) {
    const late = Date.now() + PATIENCE;
    while (this.#came.length < count) {
      if (this.#failure) throw this.#failure;
      assert.ok(Date.now() < late, `only ${JSON.stringify(this.#came)} came`);
      await Promise.race([new Promise((wake) => { this.#wake = wake; }), pause(1_000)]);
    }
    return this.#came.splice(0, count);
  }

  /** Waits for the end by an error. */
  async failed() {
    const late = Date.now() + PATIENCE;
    while (!this.#failure) {
      assert.ok(Date.now() < late, 'no error came');
      await Promise.race([new Promise((wake) => { this.#wake = wake; }), pause(1_000)]);
    }
    return this.#failure;
  }
}

/**
 * Ada watches by a client, and Grace writes to her. `open` subscribes a person after a message, passes what comes of the
 * field on to a watch, and returns what disconnects the client.
 */
export async function journey(open) {
  const [ada, grace] = await Promise.all(['ada', 'grace'].map(person));
  const expected = [];
  const write = async (...texts) => {
    for (const text of texts) {
      const { id } = await send(grace, ada, text);
      expected.push({ id, text, sender: { username: 'grace' } });
    }
  };
  const taken = async (watch) => {
    const came = await watch.take(expected.length);
    // Clients that keep a cache add the name of the type.
    const plain = came.map(({ id, text, sender }) => ({ id, text, sender: { username: sender.username } }));
    assert.deepEqual(plain, expected.splice(0));
    return plain.at(-1).id;
  };
  const before = await send(grace, ada, 'to begin after');
  let watch = new Watch();
  let disconnect = await open(ada, before.id, watch);
  await write('one', 'two', 'three');
  const last = await taken(watch);
  await disconnect();

  await write('while you were away', 'and again');
  watch = new Watch();
  disconnect = await open(ada, last, watch);
  await taken(watch);
  // Nothing else came: the next one is the next one.
  await write('welcome back');
  await taken(watch);
  await disconnect();
}
