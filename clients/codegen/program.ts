// A typed program: what an operation takes and gives comes from the schema, and the compiler knows it.

import { type FragmentType, fragment, graphql } from './gql/index.js';
import type { TypedDocumentString } from './gql/graphql.js';

export const Line = graphql(`
  fragment Line on Post {
    id
    text
    createdAt
    editedAt
    author {
      username
    }
  }
`);

export const Timeline = graphql(`
  query CodegenTimeline($first: Int, $after: String) {
    timeline(first: $first, after: $after) {
      nodes {
        ...Line
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const Write = graphql(`
  mutation CodegenWrite($input: CreatePostInput!) {
    createPost(input: $input) {
      post {
        ...Line
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const Anything = graphql(`
  query CodegenAnything($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on User {
        username
      }
      ... on Post {
        text
      }
    }
  }
`);

export interface Session {
  readonly graph: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

export async function execute<Data, Variables>(
  session: Session,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(session.graph, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...session.headers },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const { data, errors } = (await response.json()) as Answer<Data>;
  if (errors?.length || !data) {
    throw new Error(errors?.map(({ extensions, message }) => extensions?.code ?? message).join(', ') ?? 'no data');
  }
  return data;
}

/** One line of a timeline. An author whom the users service cannot tell of at the moment is null. */
export function line(post: FragmentType<typeof Line>): string {
  const { author, createdAt, editedAt, text } = fragment(Line, post);
  const year: string = createdAt.slice(0, 4);
  return `${year} ${author?.username ?? 'somebody'}: ${text}${editedAt ? ' (edited)' : ''}`;
}

/** The whole timeline, line by line. */
export async function timeline(session: Session, first: number): Promise<string[]> {
  const lines: string[] = [];
  let after: string | null | undefined;
  do {
    const page = await execute(session, Timeline, { first, after });
    lines.push(...page.timeline.nodes.map(line));
    after = page.timeline.pageInfo.hasNextPage ? page.timeline.pageInfo.endCursor : undefined;
  } while (after);
  return lines;
}

/** The line of a new post, or the code of the rule that its text breaks. */
export async function write(session: Session, text: string): Promise<{ line: string } | { code: string }> {
  const { createPost } = await execute(session, Write, { input: { text } });
  const [problem] = createPost?.userErrors ?? [];
  if (problem) return { code: problem.code };
  if (!createPost?.post) throw new Error('neither a post nor a reason');
  return { line: line(createPost.post) };
}

/** What something by an id is called. `__typename` tells the types apart. */
export async function name(session: Session, id: string): Promise<string> {
  const { node } = await execute(session, Anything, { id });
  switch (node?.__typename) {
    case 'User':
      return `@${node.username}`;
    case 'Post':
      return node.text;
    default:
      return node ? `a ${node.__typename}` : 'nothing';
  }
}
