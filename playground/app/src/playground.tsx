import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useMemo, useState } from "react";

import type { Tab } from "./examples";
import { fetcherOf, NO_INTROSPECTION } from "./fetcher";
import { Session } from "./session";
import { SessionControl } from "./session-control";

const PLUGINS = [HISTORY_PLUGIN];

/** The page: a bar with who is signed in, and GraphiQL below it. `tabs` are those of somebody who is here for the first time. */
export function Playground({ tabs }: { tabs: Tab[] | undefined }) {
  const [isRefused, setIsRefused] = useState(false);
  const session = useMemo(() => new Session(), []);
  const fetcher = useMemo(() => fetcherOf(session, () => setIsRefused(true)), [session]);
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
      {isRefused && (
        <p className="graphiql-container notice" role="status">
          {NO_INTROSPECTION}
        </p>
      )}
      <main>
        <GraphiQL fetcher={fetcher} plugins={PLUGINS} defaultEditorToolsVisibility {...opening(tabs)} />
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
