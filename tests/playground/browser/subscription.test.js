import assert from "node:assert/strict";
import { test } from "node:test";

import { answer, choose, open, person, run, screenshot, signIn, status, until, write } from "./support.js";

const SEND = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } userErrors { code } } }`;
const ONLINE = "query($id: ID!) { user(id: $id) { isOnline } }";

async function send(from, to, text) {
  const { sendMessage } = await from.ask(SEND, { input: { recipientId: to.id, text } });
  return sendMessage.message.id;
}

test("messages are seen when they arrive, until the reader stops it", async (t) => {
  const page = await open(t);
  const [linus, grace] = [await person("linus"), await person("grace")];
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket));
  // A conversation, so that Grace may know whether Linus is online.
  await send(grace, linus, "before");
  await signIn(page, "linus@example.com");
  await status(page).filter({ hasText: "Linus" }).waitFor();
  await choose(page, "MessageReceived");
  await run(page);
  await until("Linus is online", async () => (await grace.ask(ONLINE, { id: linus.id })).user.isOnline);
  await send(grace, linus, "the first one");
  const first = await answer(page, '"text": "the first one"');
  assert.match(first, /"username": "grace"/);
  await send(grace, linus, "the second one");
  await answer(page, '"text": "the second one"');
  await screenshot(page, "subscription");
  await page.getByRole("button", { name: /^Stop/ }).click();
  await until("the connection is closed", () => sockets.every((socket) => socket.isClosed()));
  assert.equal(sockets.length, 1);
});

test("with `after` what was missed comes first", async (t) => {
  const page = await open(t);
  const [linus, grace] = [await person("linus"), await person("grace")];
  const last = await send(grace, linus, "seen");
  await send(grace, linus, "missed");
  await signIn(page, "linus@example.com");
  await status(page).filter({ hasText: "Linus" }).waitFor();
  await choose(page, "MessageReceived");
  await write(page, "Variables", JSON.stringify({ after: last }));
  await run(page);
  await answer(page, '"text": "missed"');
});

test("a stream that is refused says why", async (t) => {
  const page = await open(t);
  await choose(page, "MessageReceived");
  await run(page);
  await answer(page, "UNAUTHENTICATED");
  await write(page, "Headers", '{ "Authorization": "Bearer forged" }');
  await run(page);
  await answer(page, "The stream has ended with code 4401. There is no good token, or it has run out.");
  await screenshot(page, "refused");
});
