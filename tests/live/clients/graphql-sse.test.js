import { test } from 'node:test';

import { createClient } from 'graphql-sse';

import { RECEIVED, authorization, graph, journey } from './support.js';

test('messages, each subscription a connection, and where it was', () =>
  journey((who, after, watch) => {
    const client = createClient({ url: graph, headers: authorization(who) });
    client.subscribe(
      { query: RECEIVED, variables: { after } },
      {
        next: ({ data, errors }) => (errors ? watch.fail(new Error(JSON.stringify(errors))) : watch.next(data.messageReceived)),
        error: watch.fail,
        complete: () => {},
      },
    );
    return () => client.dispose();
  }));
