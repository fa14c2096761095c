import { GraphQLClient } from 'graphql-request';

import { operation } from '../documents.js';
import { authorization, graph, named } from '../scene.js';

const document = (name) => operation('graphql-request', name);

/** What a script does: sign in once, then call after call. Everything that goes wrong is thrown. */
export class Script {
  #client = new GraphQLClient(graph, { headers: named('graphql-request') });

  async signIn(email, password) {
    const { login } = await this.#client.request(document('ScriptLogin'), { input: { email, password } });
    this.#client.setHeaders({ ...named('graphql-request'), ...authorization(accepted(login)) });
  }

  async post(text) {
    return accepted(await this.#mutate('ScriptPost', { text }), 'post');
  }

  async delete(postId) {
    return accepted(await this.#mutate('ScriptDelete', { postId }), 'deletedPostId');
  }

  /** Every post of somebody, page after page. */
  async *postsOf(username) {
    let after = null;
    for (;;) {
      const { userByUsername } = await this.#client.request(document('ScriptPosts'), { username, after });
      const { nodes, pageInfo } = userByUsername.posts;
      yield* nodes;
      if (!pageInfo.hasNextPage) return;
      after = pageInfo.endCursor;
    }
  }

  async #mutate(name, input) {
    const [payload] = Object.values(await this.#client.request(document(name), { input }));
    return payload;
  }
}

/** A rule that the input breaks, as an error with its code. */
export class Refused extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** What a payload has, unless it was refused. */
function accepted(payload, field) {
  const [problem] = payload.userErrors;
  if (problem) throw new Refused(problem);
  return field ? payload[field] : payload;
}
