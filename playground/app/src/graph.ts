/** The graph, asked over HTTP. */
import type { ExecutionResult } from "graphql";

/** Where the router has it, for requests and for WebSockets. */
export const GRAPH = "/graphql";

export interface Question {
  query: string;
  variables?: unknown;
  operationName?: string | null;
}

/** The answer to a question; throws when there is none that is GraphQL. */
export async function ask<Data>(question: Question, headers: HeadersInit = {}): Promise<ExecutionResult<Data>> {
  const all = new Headers(headers);
  all.set("accept", "application/graphql-response+json, application/json");
  all.set("content-type", "application/json");
  const response = await fetch(GRAPH, { method: "POST", headers: all, body: JSON.stringify(question) }).catch(() => {
    throw new Error("The router cannot be reached.");
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The router answered ${response.status} with what is no JSON: ${text.slice(0, 200)}`);
  }
}

/** The data of an answer without errors; throws with the first error otherwise. */
export async function data<Data>(query: string, variables: object, token?: string): Promise<Data> {
  const answer = await ask<Data>({ query, variables }, token ? { authorization: `Bearer ${token}` } : {});
  if (answer.errors?.[0] || !answer.data) {
    throw new Error(answer.errors?.[0]?.message ?? "The router answered without data.");
  }
  return answer.data;
}
