import { test } from 'node:test';

import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { RECEIVED, authorization, graph, journey, socket } from './support.js';

function subscribe(link, after, watch) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const subscription = client
    .subscribe({ query: gql(RECEIVED), variables: { after } })
    .subscribe({
      next: ({ data, error }) => (error ? watch.fail(error) : watch.next(data.messageReceived)),
      error: watch.fail,
    });
  return () => {
    subscription.unsubscribe();
    client.stop();
  };
}

test('messages by WebSocket, and where it was', () =>
  journey((who, after, watch) => {
    const connection = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: authorization(who) });
    const stop = subscribe(new GraphQLWsLink(connection), after, watch);
    return () => {
      stop();
      return connection.dispose();
    };
  }));

test('messages by HTTP, as a multipart stream, and where it was', () =>
  journey((who, after, watch) => {
    const link = new HttpLink({ uri: graph, headers: authorization(who) });
    return subscribe(link, after, watch);
  }));
