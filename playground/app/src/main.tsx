import "graphiql/setup-workers/vite";
import "graphiql/graphiql.css";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "./playground.css";

import { createRoot } from "react-dom/client";

import { openingTabs } from "./examples";
import { isIntrospectionRefused } from "./introspection";
import { Playground } from "./playground";

const root = document.getElementById("playground");
if (root) {
  const [tabs, isSchemaSecret] = await Promise.all([openingTabs(), isIntrospectionRefused()]);
  createRoot(root).render(<Playground tabs={tabs} isSchemaSecret={isSchemaSecret} />);
}
