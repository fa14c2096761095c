/** How GraphiQL asks the router: over HTTP, and for subscriptions over a WebSocket. */
import type { Fetcher, FetcherParams, Observable } from "@graphiql/toolkit";
import { type ExecutionResult, getOperationAST, parse } from "graphql";
import { createClient, type Sink } from "graphql-ws";

import { ask, GRAPH } from "./graph";
import { inOrder } from "./introspection";
import type { Session } from "./session";

/** The operation that GraphiQL asks for the schema with. */
const INTROSPECTION = "IntrospectionQuery";

/** What a WebSocket is closed with that is not in the words of the reason; docs/live.md has all of them. */
const CLOSED: Record<number, string> = {
  1006: "The connection broke, or the router cannot be reached.",
  1012: "The router restarts. Run it again in a moment.",
  1013: "The router asks to connect again in a moment.",
  4401: "There is no good token, or it has run out. Sign in, and run it again.",
};

/** Asks as whoever is signed in, where a tab has no `Authorization` among its own headers. */
export function fetcherOf(session: Session): Fetcher {
  return async (asked, options) => {
    const question = named(asked);
    const headers = new Headers(options?.headers);
    if (!headers.has("authorization")) {
      const token = await session.token();
      if (token) headers.set("authorization", `Bearer ${token}`);
    }
    if (isSubscription(question)) return stream(question, headers);
    const answer = await ask<Record<string, unknown>>(question, headers);
    return question.operationName === INTROSPECTION ? inOrder(answer) : answer;
  };
}

/**
 * The question without the name of an operation that is not in it. GraphiQL finds the name out a moment after the text has
 * changed: whoever changes to another tab and runs it at once would ask for the operation of the one before.
 */
function named(question: FetcherParams): FetcherParams {
  const { query, operationName } = question;
  try {
    if (!operationName || getOperationAST(parse(query), operationName)) return question;
  } catch {
    // The router says what is wrong with it.
  }
  return { ...question, operationName: null };
}

function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false;
  }
}

/** A subscription, on a connection of its own, which begins with the headers that a request would have. */
function stream(question: FetcherParams, headers: Headers): Observable<ExecutionResult> {
  const subscribe = (observer: Sink<ExecutionResult>) => {
    const url = new URL(GRAPH, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const client = createClient({
      url: url.href,
      connectionParams: { ...Object.fromEntries(headers) },
      // It is for whoever watches to say whether to go on, and after which event.
      retryAttempts: 0,
    });
    client.subscribe(
      { query: question.query, variables: question.variables, operationName: question.operationName ?? null },
      {
        next: (answer) => observer.next(answer as ExecutionResult),
        error: (error) => observer.error(explained(error)),
        complete: () => observer.complete(),
      },
    );
    return { unsubscribe: () => void client.dispose() };
  };
  return { subscribe } as Observable<ExecutionResult>;
}

/** What ended a stream, in words. */
function explained(error: unknown): unknown {
  if (error instanceof CloseEvent) {
    const words = CLOSED[error.code] ?? error.reason;
    return said(`The stream has ended with code ${error.code}. ${words}`.trim());
  }
  return error instanceof Error ? said(error.message) : error;
}

/** An error of which people see the words and not where in the bundle they come from. */
function said(message: string): Error {
  const error = new Error(message);
  delete error.stack;
  return error;
}
