import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { RECEIVED, Watch, ask, authorization, pause, person, send, socket } from './support.js';

/** As documented: right within 30 seconds. */
const TRIES = 40;

function open(who, query, variables) {
  const client = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: authorization(who) });
  const watch = new Watch();
  client.subscribe(
    { query, variables },
    {
      next: ({ data, errors }) => (errors ? watch.fail(new Error(JSON.stringify(errors))) : watch.next(data)),
      error: watch.fail,
      complete: () => {},
    },
  );
  return { watch, close: () => client.dispose() };
}

test('who types is told to the other', async () => {
  const [ada, grace] = await Promise.all(['ada', 'grace'].map(person));
  const { conversation: id } = await send(grace, ada, 'where we talk');
  const query = 'subscription($id: ID!) { typing(conversationId: $id) { username } }';
  const { watch, close } = open(ada, query, { id });
  const indicate = 'mutation($id: ID!) { indicateTyping(input: { conversationId: $id }) { userErrors { code } } }';
  let came;
  const coming = watch.take(1).then((items) => { came = items; });
  // It is not kept for whoever subscribes a moment later, so clients say it again and again.
  for (let tries = 0; !came && tries < TRIES; tries += 1) {
    await ask(grace, indicate, { id });
    await Promise.race([coming, pause(500)]);
  }
  await coming;
  assert.deepEqual(came, [{ typing: { username: 'grace' } }]);
  await close();
});

test('whoever is mentioned is told', async () => {
  const [ada, grace] = await Promise.all(['ada', 'grace'].map(person));
  await send(grace, ada, 'for @ada to begin after');
  const latest = (await ask(ada, '{ mentions(first: 1) { nodes { id } } }')).mentions.nodes[0].id;
  const query = 'subscription($after: ID) { mentionReceived(after: $after) { message { text sender { username } } } }';
  const { watch, close } = open(ada, query, { after: latest });
  await send(grace, ada, 'nobody is named here');
  await send(grace, ada, 'but @ada is here');
  const message = { text: 'but @ada is here', sender: { username: 'grace' } };
  assert.deepEqual(await watch.take(1), [{ mentionReceived: { message } }]);
  await close();
});

test('whoever is subscribed is online, and is not when they are gone', async () => {
  const [ada, grace] = await Promise.all(['ada', 'grace'].map(person));
  await send(grace, ada, 'so that we know each other');
  const becomes = async (wanted) => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { user } = await ask(grace, 'query($id: ID!) { user(id: $id) { isOnline } }', { id: ada.id });
      if (user.isOnline === wanted) return;
      await pause(1_000);
    }
    assert.fail(`isOnline is never ${wanted}`);
  };
  const { close } = open(ada, RECEIVED);
  await becomes(true);
  await close();
  await becomes(false);
});
