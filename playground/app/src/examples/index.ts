/** The tabs that the playground opens with for the first time. They fit the demo of `cargo run`. */
import { data } from "../graph";
import conversations from "./conversations.graphql?raw";
import createPost from "./create-post.graphql?raw";
import logIn from "./log-in.graphql?raw";
import messageReceived from "./message-received.graphql?raw";
import profile from "./profile.graphql?raw";
import sendMessage from "./send-message.graphql?raw";
import sessions from "./sessions.graphql?raw";
import timeline from "./timeline.graphql?raw";

/** As GraphiQL takes it. */
export interface Tab {
  query: string;
  variables?: string;
}

/** The accounts of the demo, which all have the same password. */
export const DEMO = {
  accounts: [
    { name: "Ada", email: "ada@example.com" },
    { name: "Grace", email: "grace@example.com" },
    { name: "Linus", email: "linus@example.com" },
  ],
  password: "correct horse battery",
};

/** Where GraphiQL keeps the tabs; once they are there it does not look at ours. */
const STORED_TABS = "graphiql:tabState";
const GRACE = 'query PlaygroundRecipient { userByUsername(username: "grace") { id } }';

/** The tabs to begin with; undefined when there are some from before. */
export async function openingTabs(): Promise<Tab[] | undefined> {
  if (localStorage.getItem(STORED_TABS)) return undefined;
  // Ids are not the same in any two systems. Without the demo, or without an answer, the reader puts one in.
  const { userByUsername: grace } = await data<{ userByUsername: { id: string } | null }>(GRACE, {}).catch(() => ({
    userByUsername: null,
  }));
  return [
    tab(profile, { username: "ada", first: 3 }),
    tab(timeline, { first: 5 }),
    tab(createPost, { input: { text: "Hello from the playground" } }),
    tab(conversations),
    tab(sendMessage, { input: { recipientId: grace?.id ?? "", text: "Hello @grace, from the playground" } }),
    tab(messageReceived),
    tab(logIn, { input: { email: "ada@example.com", password: DEMO.password } }),
    tab(sessions),
  ];
}

function tab(query: string, variables?: object): Tab {
  return variables ? { query, variables: JSON.stringify(variables, null, 2) } : { query };
}
