// What this client sends. `operations/apollo.json` is made of it, by Apollo's own tool.

import { gql } from '@apollo/client';

export const POST = gql`
  fragment PostParts on Post {
    id
    text
    likeCount
    viewerHasLiked
    author {
      id
      username
    }
  }
`;

export const TIMELINE = gql`
  query ApolloTimeline($first: Int!, $after: String) {
    timeline(first: $first, after: $after) {
      edges {
        cursor
        node {
          ...PostParts
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
  ${POST}
`;

export const LIKE = gql`
  mutation ApolloLike($input: LikePostInput!) {
    likePost(input: $input) {
      post {
        id
        likeCount
        viewerHasLiked
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export const NODE = gql`
  query ApolloNode($id: ID!) {
    node(id: $id) {
      id
      ... on Post {
        text
        likeCount
      }
      ... on User {
        username
      }
    }
  }
`;

export const CONVERSATION = gql`
  query ApolloConversation($id: ID!) {
    conversation(id: $id) {
      id
      unreadCount
      latestMessage {
        id
        text
      }
    }
  }
`;

export const RECEIVED = gql`
  subscription ApolloReceived($after: ID) {
    messageReceived(after: $after) {
      id
      conversation {
        id
        unreadCount
        latestMessage {
          id
          text
        }
      }
    }
  }
`;
