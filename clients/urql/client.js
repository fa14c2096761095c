import { readFileSync } from 'node:fs';

import { Client, fetchExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { buildSchema, introspectionFromSchema } from 'graphql';

import { operation } from '../documents.js';
import { authorization, graph, named } from '../scene.js';

/** The schema as the cache wants it: to know what implements `Node`, and what may be null. */
function introspection() {
  const text = readFileSync(new URL('../../schema/api.graphql', import.meta.url), 'utf8');
  return introspectionFromSchema(buildSchema(text), { descriptions: false });
}

/** Things have an `id`, which the cache takes for their key. The rest is part of what it hangs on. */
function cache() {
  const embedded = () => null;
  return cacheExchange({
    schema: introspection(),
    keys: {
      PageInfo: embedded,
      UserError: embedded,
      SessionPayload: embedded,
      PostConnection: embedded,
      PostEdge: embedded,
    },
    resolvers: {
      Query: {
        timeline: relayPagination(),
        post: (_, { id }) => ({ __typename: 'Post', id }),
      },
      User: { posts: relayPagination() },
    },
    optimistic: {
      likePost: ({ input }, store) => {
        const post = { __typename: 'Post', id: input.postId };
        const likeCount = store.resolve(post, 'likeCount') + 1;
        return { __typename: 'LikePostPayload', post: { ...post, likeCount, viewerHasLiked: true }, userErrors: [] };
      },
    },
  });
}

/**
 * Puts the access token on every request, and gets another one when the graph does not take it any more. That one is put
 * aside first: a request with a token that is not taken is refused, whatever it asks for, the exchange of tokens as well.
 */
function auth(session) {
  return authExchange(async (utils) => ({
    addAuthToOperation: (request) =>
      session.accessToken ? utils.appendHeaders(request, authorization(session)) : request,
    didAuthError: (error) => error.response?.status === 401,
    refreshAuth: async () => {
      session.accessToken = undefined;
      const input = { refreshToken: session.refreshToken };
      const { data } = await utils.mutate(operation('urql', 'UrqlRefresh'), { input });
      const { accessToken, refreshToken } = data?.refreshSession ?? {};
      Object.assign(session, { accessToken, refreshToken });
    },
  }));
}

/** A client of one session: `accessToken` and `refreshToken`, which it keeps up to date. `send` goes in the place of `fetch`. */
export function client(session, send = fetch) {
  return new Client({
    url: graph,
    preferGetMethod: false,
    exchanges: [cache(), auth(session), fetchExchange],
    fetch: send,
    fetchOptions: { headers: named('urql') },
  });
}
