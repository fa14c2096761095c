/** What the router says of its schema, and whether it does. */
import type { ExecutionResult } from "graphql";

import { ask } from "./graph";

/** The code that it refuses that with when `GRAPHQL_INTROSPECTION` is `false`. */
const REFUSED = "INTROSPECTION_DISABLED";

/** What is to be known of a router that does not. */
export const NO_INTROSPECTION =
  "This router keeps its schema to itself (GRAPHQL_INTROSPECTION=false): there is no documentation and no completion " +
  "here. Operations run as ever.";

/** A router that cannot be asked is not one that refuses: GraphiQL says what is wrong when it asks. */
export async function isIntrospectionRefused(): Promise<boolean> {
  const answer = await ask({ query: "query PlaygroundIntrospection { __schema { queryType { name } } }" }).catch(() => null);
  return answer?.errors?.some((error) => error.extensions?.code === REFUSED) ?? false;
}

/** The answer with the types by name: the router has them in another order every time, and the documentation lists them. */
export function inOrder(answer: ExecutionResult<Record<string, unknown>>): ExecutionResult<Record<string, unknown>> {
  const schema = answer.data?.__schema as { types: { name: string }[] } | undefined;
  schema?.types.sort((one, other) => one.name.localeCompare(other.name));
  return answer;
}
