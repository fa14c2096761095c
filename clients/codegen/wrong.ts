// What must not compile: an expected error that does not come is one.

import { fragment, graphql } from './gql/index.js';
import { Anything, Line, type Session, Timeline, Write, execute } from './program.js';

export async function wrong(session: Session): Promise<void> {
  const { timeline } = await execute(session, Timeline, {});
  // @ts-expect-error: what a fragment selects, only whoever has the fragment sees
  timeline.nodes.map((post) => post.text);
  for (const post of fragment(Line, timeline.nodes)) {
    // @ts-expect-error: the schema has the field, but nobody asked for it
    post.likeCount.toFixed();
    // @ts-expect-error: an outage of the users service makes it null
    post.author.username.trim();
    // @ts-expect-error: a time is text
    post.createdAt.getTime();
  }
  // @ts-expect-error: the schema has no such field
  await execute(session, Write, { input: { content: 'x' } });
  // @ts-expect-error: it is required
  await execute(session, Write, { input: {} });
  // @ts-expect-error: there is no such variable
  await execute(session, Timeline, { last: 3 });
  const { node } = await execute(session, Anything, { id: '' });
  // @ts-expect-error: not everything with an id has a name
  node?.username.trim();
  // @ts-expect-error: no types have been made for it
  await execute(session, graphql('{ viewer { id } }'), {});
}
