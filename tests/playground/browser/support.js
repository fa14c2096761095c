// What the tests share: a browser with the network cut, the people of the demo, and ways to use the page.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

export const origin = process.env.ORIGIN;
/** A system that keeps its schema to itself. */
export const closedOrigin = process.env.CLOSED_ORIGIN;
const shots = process.env.SCREENSHOTS;

/** How long anything may take, in milliseconds. */
const PATIENCE = 20_000;
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // The network is cut: no name leads anywhere.
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
});
after(() => browser?.close());

/**
 * The page in a browser of its own. When the test ends, nothing may have been asked of anybody else, refused by the page's
 * policy, or failed; `expected` are patterns of complaints that the test is about.
 */
export async function open(t, { at = origin, expected = [], colorScheme = "light", clock = false } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme });
  context.setDefaultTimeout(PATIENCE);
  const elsewhere = [];
  const complaints = [];
  await context.route((url) => url.origin !== at, (route) => {
    elsewhere.push(route.request().url());
    return route.abort();
  });
  // Of the context: workers load things too.
  context.on("requestfailed", (request) => {
    const problem = request.failure()?.errorText;
    // The page lets go of what it is loading when it is left or loaded again.
    if (problem !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${problem}`);
  });
  context.on("response", (answer) => answer.status() >= 400 && complaints.push(`${answer.url()}: ${answer.status()}`));
  const page = await context.newPage();
  page.on("websocket", (socket) => new URL(socket.url()).host === new URL(at).host || elsewhere.push(socket.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.exposeFunction("policyRefused", (what) => complaints.push(`refused by the policy: ${what}`));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) => window.policyRefused(`${event.violatedDirective} ${event.blockedURI}`)),
  );
  t.after(async () => {
    await context.close();
    assert.deepEqual(elsewhere, [], "nothing is asked of anybody else");
    const unexpected = complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
    assert.deepEqual(unexpected, [], "nothing is refused and nothing fails");
  });
  if (clock) await page.clock.install();
  const answer = await page.goto(`${at}/playground`);
  assert.match(answer.headers()["content-security-policy"] ?? "none", /^default-src 'none'; script-src 'self'; /);
  await page.getByRole("tab", { name: "Profile" }).waitFor();
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  return page;
}

export async function screenshot(page, name) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png` });
}

/** Whether somebody is signed in, and who, as the page says. */
export function status(page) {
  return page.locator(".session").getByRole("status");
}

/** Signs a person of the demo in by the form. */
export async function signIn(page, email = "ada@example.com", password = "correct horse battery") {
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
}

export async function choose(page, tab) {
  await page.getByRole("tab", { name: tab, exact: true }).click();
}

/** Puts a text in the place of what an editor has: the "query", or what a tab below it is called. */
export async function write(page, editor, text) {
  if (editor !== "query") await page.locator(".graphiql-editor-tools").getByRole("button", { name: editor }).click();
  const place = editor === "query" ? ".graphiql-query-editor" : ".graphiql-editor-tool .graphiql-editor:not(.hidden)";
  await page.locator(place).locator(".view-lines").click();
  await page.keyboard.press("ControlOrMeta+a");
  // With something selected, a bracket would be put around it.
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

export async function run(page) {
  await page.getByRole("button", { name: /^Execute query/ }).click();
}

/** Waits until the answer has a text in it; the whole answer as it is seen. */
export async function answer(page, text) {
  const shown = page.locator(".result-window .view-lines").filter({ hasText: text });
  await shown.waitFor();
  return (await shown.innerText()).replaceAll("\u00a0", " ");
}

/** A person of the demo who uses the graph without a browser. */
export async function person(name) {
  const { login } = await ask(
    "mutation($input: LoginInput!) { login(input: $input) { accessToken user { id } } }",
    { input: { email: `${name}@example.com`, password: "correct horse battery" } },
  );
  const token = login.accessToken;
  return { id: login.user.id, token, ask: (query, variables) => ask(query, variables, token) };
}

async function ask(query, variables, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${origin}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** Looks until something is so, and fails when it never is. */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  while (!(await look())) {
    assert.ok(Date.now() < end, `never: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
