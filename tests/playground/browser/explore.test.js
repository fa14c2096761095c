import assert from "node:assert/strict";
import { test } from "node:test";

import { answer, choose, closedOrigin, open, person, run, screenshot, signIn, status, write } from "./support.js";

const TABS = ["Profile", "Timeline", "CreatePost", "Conversations", "SendMessage", "MessageReceived", "LogIn", "Sessions"];

async function tabs(page) {
  return (await page.getByRole("tab").allInnerTexts()).map((name) => name.trim());
}

test("whoever comes for the first time finds examples, and the first one runs with its variables", async (t) => {
  const page = await open(t);
  assert.deepEqual(await tabs(page), TABS);
  await run(page);
  await answer(page, '"displayName": "Ada Lovelace"');
  await screenshot(page, "profile");
  await write(page, "Variables", '{ "username": "grace", "first": 1 }');
  await run(page);
  const grace = await answer(page, '"displayName": "Grace Hopper"');
  assert.equal(grace.match(/"text":/g).length, 1, grace);
});

test("the timeline comes with its authors, for whoever is signed in", async (t) => {
  const page = await open(t);
  await signIn(page);
  await status(page).filter({ hasText: "Ada Lovelace is signed in until" }).waitFor();
  await choose(page, "Timeline");
  await run(page);
  await answer(page, '"displayName": "Linus Torvalds"');
  await screenshot(page, "timeline");
});

test("an example that changes something says what came of it, and what was wrong", async (t) => {
  const page = await open(t);
  await signIn(page);
  await status(page).filter({ hasText: "Ada" }).waitFor();
  await choose(page, "CreatePost");
  await run(page);
  await answer(page, '"text": "Hello from the playground"');
  await write(page, "Variables", '{ "input": { "text": "" } }');
  await run(page);
  await answer(page, '"code": "POST_TEXT_REQUIRED"');
  await choose(page, "SendMessage");
  await run(page);
  await answer(page, '"text": "Hello @grace, from the playground"');
  await choose(page, "Conversations");
  await run(page);
  await answer(page, '"username": "grace"');
});

test("a header of a tab counts for that tab, more than the session", async (t) => {
  const page = await open(t);
  await signIn(page);
  await status(page).filter({ hasText: "Ada" }).waitFor();
  const grace = await person("grace");
  await choose(page, "Sessions");
  await write(page, "Headers", JSON.stringify({ Authorization: `Bearer ${grace.token}` }));
  await run(page);
  await answer(page, '"email": "grace@example.com"');
  await write(page, "Headers", "{}");
  await run(page);
  await answer(page, '"email": "ada@example.com"');
});

test("the documentation says what a type and a field mean", async (t) => {
  const page = await open(t);
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  const search = page.getByRole("combobox");
  await search.fill("viewerHasLiked");
  await page.getByRole("option", { name: /Post.*viewerHasLiked/ }).first().click();
  await page.getByText("Whether the viewer likes it; false without a token.").waitFor();
  await screenshot(page, "documentation");
  await page.locator(".graphiql-doc-explorer-back").click();
  await page.locator(".graphiql-doc-explorer-type-name").filter({ hasText: /^Conversation$/ }).click();
  await page.getByText("A conversation between two people, as the viewer, who is one of them, sees it.").waitFor();
});

test("the editor knows the schema: what is not in it is underlined, what is can be completed", async (t) => {
  const page = await open(t);
  await write(page, "query", "{ viewer { nickname } }");
  await page.locator(".squiggly-error").first().waitFor();
  await write(page, "query", "{ viewer { usern");
  await page.keyboard.press("Control+Space");
  await page.locator(".suggest-widget").getByText("username").first().waitFor();
  await screenshot(page, "completion");
});

test("tabs outlive a reload, headers with their tokens do not", async (t) => {
  const page = await open(t);
  await choose(page, "Timeline");
  await write(page, "Headers", '{ "Authorization": "Bearer of-a-secret" }');
  await write(page, "query", "query Mine { viewer { id } }");
  await page.getByRole("tab", { name: "Mine" }).waitFor();
  // GraphiQL stores them a moment later.
  await page.waitForFunction(() => localStorage.getItem("graphiql:tabState")?.includes("query Mine"));
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.ok(!stored.includes("of-a-secret"), stored);
  await page.reload();
  await page.locator(".graphiql-query-editor").getByText("Mine").waitFor();
  assert.deepEqual(await tabs(page), TABS.map((name) => name.replace("Timeline", "Mine")));
});

test("where the schema is kept secret the page says so, and operations run", async (t) => {
  const page = await open(t, { at: closedOrigin, expected: [/status of 403/, /\/graphql: 403/] });
  await page.getByText("This router keeps its schema to itself").waitFor();
  await run(page);
  await answer(page, '"displayName": "Ada Lovelace"');
  assert.equal(await page.getByRole("button", { name: /Documentation/ }).count(), 0);
  assert.equal(await page.getByText("Error fetching schema").count(), 0);
  await screenshot(page, "no-introspection");
});
