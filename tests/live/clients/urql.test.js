import { test } from 'node:test';

import { Client, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { RECEIVED, authorization, graph, journey, socket } from './support.js';

test('messages, and where it was', () =>
  journey((who, after, watch) => {
    const connection = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: authorization(who) });
    const forwardSubscription = ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: connection.subscribe({ query, variables }, sink) }),
    });
    const client = new Client({
      url: graph,
      preferGetMethod: false,
      exchanges: [subscriptionExchange({ forwardSubscription })],
    });
    const subscription = client
      .subscription(RECEIVED, { after })
      .subscribe(({ data, error }) => (error ? watch.fail(error) : watch.next(data.messageReceived)));
    return () => {
      subscription.unsubscribe();
      return connection.dispose();
    };
  }));
