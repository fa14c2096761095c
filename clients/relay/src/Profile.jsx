import React from 'react';
import { graphql, useLazyLoadQuery, useMutation, usePaginationFragment } from 'react-relay';

import { Post } from './Post.jsx';

/** A page of a `User`: refetched by `node`, which is what makes it refetchable at all. */
function Posts({ user: reference }) {
  const { data, hasNext, loadNext, refetch } = usePaginationFragment(
    graphql`
      fragment Profile_user on User
      @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
      @refetchable(queryName: "ProfilePaginationQuery") {
        username
        posts(first: $count, after: $cursor) @connection(key: "Profile_posts") {
          __id
          edges {
            node {
              id
              ...Post_post
            }
          }
        }
      }
    `,
    reference,
  );
  const [create] = useMutation(graphql`
    mutation ProfileCreatePostMutation($input: CreatePostInput!, $connections: [ID!]!) {
      createPost(input: $input) {
        post @prependNode(connections: $connections, edgeTypeName: "PostEdge") {
          id
          ...Post_post
        }
        userErrors {
          code
          message
        }
      }
    }
  `);
  const onWrite = () =>
    create({
      variables: {
        input: { text: 'written with Relay' },
        connections: [data.posts.__id],
      },
    });
  return (
    <>
      <h1>{data.username}</h1>
      <ol>
        {data.posts.edges.map(({ node }) => (
          <Post key={node.id} post={node} />
        ))}
      </ol>
      <button type="button" id="more" disabled={!hasNext} onClick={() => loadNext(2)}>
        more
      </button>
      <button type="button" id="again" onClick={() => refetch({ count: 1 }, { fetchPolicy: 'network-only' })}>
        again
      </button>
      <button type="button" id="write" onClick={onWrite}>
        write
      </button>
    </>
  );
}

/** The viewer's own posts. */
export function Profile() {
  const { viewer } = useLazyLoadQuery(
    graphql`
      query ProfileQuery($count: Int!) {
        viewer {
          ...Profile_user @arguments(count: $count)
        }
      }
    `,
    { count: 2 },
  );
  return viewer ? <Posts user={viewer} /> : <p>nobody</p>;
}
