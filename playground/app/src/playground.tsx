import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useMemo } from "react";

import type { Tab } from "./examples";
import { fetcherOf } from "./fetcher";
import { NO_INTROSPECTION } from "./introspection";
import { Session } from "./session";
import { SessionControl } from "./session-control";

const PLUGINS = [HISTORY_PLUGIN];
const WITHOUT_SCHEMA = { schema: null, referencePlugin: null };

interface Props {
  /** What somebody finds who is here for the first time. */
  tabs: Tab[] | undefined;
  isSchemaSecret: boolean;
}

/** The page: a bar with who is signed in, and GraphiQL below it. */
export function Playground({ tabs, isSchemaSecret }: Props) {
  const session = useMemo(() => new Session(), []);
  const fetcher = useMemo(() => fetcherOf(session), [session]);
  return (
    <>
      <header className="graphiql-container bar">
        <h1>
          Rookery <span>playground</span>
        </h1>
        <nav aria-label="Other pages">
          <a href="/docs">REST API</a>
          <a href="/playground/licences.txt">Licences</a>
        </nav>
        <SessionControl session={session} />
      </header>
      {isSchemaSecret && (
        <p className="graphiql-container notice" role="status">
          {NO_INTROSPECTION}
        </p>
      )}
      <main>
        <GraphiQL
          fetcher={fetcher}
          plugins={PLUGINS}
          defaultEditorToolsVisibility
          {...opening(tabs)}
          {...(isSchemaSecret && WITHOUT_SCHEMA)}
        />
      </main>
    </>
  );
}

/** The tabs for GraphiQL, which takes the variables of the first one from elsewhere. */
function opening(tabs: Tab[] | undefined) {
  if (!tabs) return {};
  const variables = tabs[0]?.variables;
  return { defaultTabs: tabs, ...(variables && { initialVariables: variables }) };
}
