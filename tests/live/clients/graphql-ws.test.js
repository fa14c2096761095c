import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { RECEIVED, Watch, authorization, journey, socket } from './support.js';

function connect(who, more = {}) {
  return createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: authorization(who), ...more });
}

function subscribe(client, variables, watch) {
  client.subscribe(
    { query: RECEIVED, variables },
    {
      next: ({ data, errors }) => (errors ? watch.fail(new Error(JSON.stringify(errors))) : watch.next(data.messageReceived)),
      error: watch.fail,
      complete: () => {},
    },
  );
}

test('messages, and where it was', () =>
  journey((who, after, watch) => {
    const client = connect(who);
    subscribe(client, { after }, watch);
    return () => client.dispose();
  }));

test('a bad token closes the connection with 4401', async () => {
  const watch = new Watch();
  subscribe(connect({ token: 'not.a.token' }, { retryAttempts: 0 }), {}, watch);
  assert.equal((await watch.failed()).code, 4401);
});
