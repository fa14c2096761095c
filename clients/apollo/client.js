import { readFileSync } from 'node:fs';

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode, buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { authorization, graph, socket } from '../scene.js';

/** Which types an interface stands for. A cache cannot tell from a document whether a fragment on `Node` fits a post. */
function possibleTypes() {
  const text = readFileSync(new URL('../../schema/api.graphql', import.meta.url), 'utf8');
  const schema = buildSchema(text);
  const types = Object.values(schema.getTypeMap()).filter((type) => type.astNode?.kind === 'InterfaceTypeDefinition');
  return Object.fromEntries(types.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]));
}

/** Things are kept by type and `id`, which is the default. Pages of a connection make one list. */
function cache() {
  const things = ['User', 'Post', 'Conversation', 'Message', 'Mention'];
  const byId = (__typename) => ({
    read: (kept, { args, toReference }) => kept ?? toReference({ __typename, id: args.id }),
  });
  return new InMemoryCache({
    possibleTypes: possibleTypes(),
    typePolicies: {
      Query: {
        fields: {
          timeline: relayStylePagination(),
          conversations: relayStylePagination(),
          mentions: relayStylePagination(),
          // What a list has brought need not be fetched by id.
          ...Object.fromEntries(things.map((name) => [name.toLowerCase(), byId(name)])),
        },
      },
      User: { fields: { posts: relayStylePagination() } },
      Conversation: { fields: { messages: relayStylePagination() } },
    },
  });
}

/** A client for one person, or for nobody; `close` ends its connection. */
export function client(person) {
  const connection = createClient({
    url: socket,
    webSocketImpl: WebSocket,
    lazy: true,
    connectionParams: person && authorization(person),
  });
  const http = ApolloLink.from([
    new SetContextLink(({ headers }) => ({ headers: { ...headers, ...(person && authorization(person)) } })),
    new HttpLink({ uri: graph }),
  ]);
  const isSubscription = ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION;
  const apollo = new ApolloClient({
    link: ApolloLink.split(isSubscription, new GraphQLWsLink(connection), http),
    cache: cache(),
    // Goes out in Apollo's own headers: apollographql-client-name and -version.
    clientAwareness: { name: 'apollo', version: '1.0.0' },
  });
  const close = () => {
    apollo.stop();
    return connection.dispose();
  };
  return { apollo, close };
}
