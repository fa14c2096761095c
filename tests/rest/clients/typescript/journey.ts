// What a web client does, through the client that openapi-typescript generates: `node journey.js ORIGIN`.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./rookery.js";

const origin: string = process.argv[2] ?? assert.fail("usage: journey.js ORIGIN");
const run = Date.now().toString(36);

type Post = components["schemas"]["Post"];
type Answer<T> = { data?: T; error?: components["schemas"]["ErrorEnvelope"]; response: Response };

/** The body of an answer that is no error, and has this status. */
function ok<T>(answer: Answer<T>, status: number): T {
  const { data, error, response } = answer;
  assert.equal(response.status, status, `${response.url}: ${JSON.stringify(error)}`);
  return data as T;
}

/** The code of an error with this status. */
function refused(answer: Answer<unknown>, status: number): string | undefined {
  assert.equal(answer.response.status, status, answer.response.url);
  assert.equal(answer.error?.error.trace_id, answer.response.headers.get("x-trace-id"));
  return answer.error?.error.code;
}

const anybody = createClient<paths>({ baseUrl: origin });

async function join(name: string) {
  const username = `${name}_${run}`;
  const email = `${username}@example.com`;
  const password = "a long enough password";
  const account = ok(await anybody.POST("/api/auth/register", { body: { email, username, password } }), 201);
  const session = ok(
    await anybody.POST("/api/auth/login", { body: { email, password, refresh_token_delivery: "body" } }),
    200,
  );
  assert(session.refresh_token, "the refresh token is in the body");
  const client = createClient<paths>({
    baseUrl: origin,
    headers: { authorization: `Bearer ${session.access_token}` },
  });
  return { id: account.id, username, client, refreshToken: session.refresh_token };
}

const reader = await join("reader");
const author = await join("author");

// Register, follow, post, feed.
const path = { params: { path: { id: author.id } } };
ok(await reader.client.POST("/api/users/{id}/follow", path), 201);
ok(await reader.client.POST("/api/users/{id}/follow", path), 200);
const posts: Post[] = [];
for (const text of ["first", "second", "third"]) {
  posts.unshift(ok(await author.client.POST("/api/posts", { body: { text } }), 201));
}
const like = { params: { path: { id: posts[0]!.id } } };
ok(await reader.client.POST("/api/posts/{id}/like", like), 200);
const feed = ok(await reader.client.GET("/api/feed"), 200);
assert.deepEqual(feed.items.map((post) => post.id), posts.map((post) => post.id));
assert.equal(feed.items[0]?.author?.username, author.username);
assert.deepEqual([feed.items[0]?.like_count, feed.items[0]?.liked], [1, true]);

// Pages by number and by cursor cut the same list in the same places.
const first = ok(await reader.client.GET("/api/feed", { params: { query: { page: 1, page_size: 2 } } }), 200);
const counted = ok(await reader.client.GET("/api/feed", { params: { query: { page: 2, page_size: 2 } } }), 200);
assert(first.next_cursor);
const query = { cursor: first.next_cursor, page_size: 2 };
const continued = ok(await reader.client.GET("/api/feed", { params: { query } }), 200);
assert.deepEqual(counted.items, continued.items);
assert.deepEqual([counted.page, continued.page, counted.has_next], [2, null, false]);

// A conversation; the same message sent twice is sent once.
const body = { recipient_id: author.id };
const started = ok(await reader.client.POST("/api/conversations", { body }), 201);
assert.deepEqual(ok(await author.client.POST("/api/conversations", { body: { recipient_id: reader.id } }), 200), started);
const send = {
  params: { path: { id: started.conversation_id }, header: { "Idempotency-Key": `key-${run}` } },
  body: { text: `Hello @${author.username}` },
};
const message = ok(await reader.client.POST("/api/conversations/{id}/messages", send), 201);
assert.deepEqual(ok(await reader.client.POST("/api/conversations/{id}/messages", send), 201), message);
assert.deepEqual(message.mentions, [author.id]);
const conversation = { params: { path: { id: started.conversation_id } } };
const messages = ok(await author.client.GET("/api/conversations/{id}/messages", conversation), 200);
assert.deepEqual(messages.items, [message]);
const unread = async () => ok(await author.client.GET("/api/conversations"), 200).items[0]?.unread_count;
assert.equal(await unread(), 1);
ok(await author.client.POST("/api/conversations/{id}/read", { ...conversation, body: { message_id: message.id } }), 204);
assert.equal(await unread(), 0);
const mentions = ok(await author.client.GET("/api/messages/mentions"), 200);
assert.deepEqual(mentions.items[0]?.message, message);

// What is refused says why.
assert.equal(refused(await anybody.GET("/api/feed"), 401), "UNAUTHENTICATED");
assert.equal(refused(await reader.client.DELETE("/api/posts/{id}", like), 403), "NOT_POST_AUTHOR");
assert.equal(refused(await author.client.POST("/api/posts", { body: { text: " " } }), 422), "POST_TEXT_REQUIRED");

// A session goes on with the next token, and ends.
const refresh = (refresh_token: string) => anybody.POST("/api/auth/refresh", { body: { refresh_token } });
const refreshed = ok(await refresh(reader.refreshToken), 200);
assert(refreshed.refresh_token && refreshed.refresh_token !== reader.refreshToken);
ok(await anybody.POST("/api/auth/logout", { body: { refresh_token: refreshed.refresh_token } }), 204);
assert.equal(refused(await refresh(refreshed.refresh_token), 401), "INVALID_REFRESH_TOKEN");

console.log("register, follow, post, feed, pages, conversation, message, mentions, refusals, sessions");
