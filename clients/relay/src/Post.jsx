import React from 'react';
import { graphql, useFragment, useMutation } from 'react-relay';

/** A post with its author, who may be out of reach, and a button that likes it at once and says so afterwards. */
export function Post({ post: reference }) {
  const post = useFragment(
    graphql`
      fragment Post_post on Post {
        id
        text
        likeCount
        viewerHasLiked
        author {
          username
        }
      }
    `,
    reference,
  );
  const [like] = useMutation(graphql`
    mutation PostLikeMutation($input: LikePostInput!) {
      likePost(input: $input) {
        post {
          id
          likeCount
          viewerHasLiked
        }
        userErrors {
          code
          message
        }
      }
    }
  `);
  const onClick = () =>
    like({
      variables: { input: { postId: post.id } },
      optimisticResponse: {
        likePost: { post: { id: post.id, likeCount: post.likeCount + 1, viewerHasLiked: true }, userErrors: [] },
      },
    });
  return (
    <li id={post.id}>
      <b>{post.author?.username ?? 'somebody'}</b> <q>{post.text}</q>
      <button type="button" disabled={post.viewerHasLiked} onClick={onClick}>
        {post.likeCount}
      </button>
    </li>
  );
}
