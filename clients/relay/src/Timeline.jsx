import React from 'react';
import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay';

import { Post } from './Post.jsx';

/** A page of `Query`: refetched as the query of the whole. */
export function Timeline() {
  const query = useLazyLoadQuery(
    graphql`
      query TimelineQuery($count: Int!) {
        ...Timeline_query @arguments(count: $count)
      }
    `,
    { count: 2 },
  );
  const { data, hasNext, loadNext, isLoadingNext } = usePaginationFragment(
    graphql`
      fragment Timeline_query on Query
      @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
      @refetchable(queryName: "TimelinePaginationQuery") {
        timeline(first: $count, after: $cursor) @connection(key: "Timeline_timeline") {
          edges {
            node {
              id
              ...Post_post
            }
          }
        }
      }
    `,
    query,
  );
  return (
    <main>
      <ol>
        {data.timeline.edges.map(({ node }) => (
          <Post key={node.id} post={node} />
        ))}
      </ol>
      <button type="button" id="more" disabled={!hasNext || isLoadingNext} onClick={() => loadNext(2)}>
        more
      </button>
    </main>
  );
}
