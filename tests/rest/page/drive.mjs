// Uses /docs in a real browser: `node drive.mjs ORIGIN TOKEN SCREENSHOT`. Everything it loads has to come from the origin.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [origin, token, screenshot] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});

/** Opens an operation, fills in its body if it has one, executes it, and returns status and body of the answer. */
async function tryOut(page, id, body) {
  const operation = page.locator(`[id$="-${id}"]`);
  await operation.locator(".opblock-summary-control").click();
  if (body !== undefined) {
    await operation.locator("textarea.body-param__text").fill(body);
  }
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table .response");
  const status = await answer.locator(".response-col_status").first().innerText();
  return [status.trim().split(/\s/)[0], await answer.locator(".response-col_description").first().innerText()];
}

try {
  const context = await browser.newContext({ viewport: { width: 1200, height: 1600 } });
  const page = await context.newPage();
  const loaded = [];
  const complaints = [];
  // Of the context: workers load things too.
  context.on("request", (request) => loaded.push(request.url()));
  context.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  context.on("response", (response) => response.status() >= 400 && complaints.push(`${response.url()}: ${response.status()}`));
  page.on("websocket", (socket) => loaded.push(socket.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.exposeFunction("policyRefused", (what) => complaints.push(`refused by the policy: ${what}`));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) => window.policyRefused(`${event.violatedDirective} ${event.blockedURI}`)),
  );

  const answer = await page.goto(`${origin}/docs`);
  assert.match(answer.headers()["content-security-policy"] ?? "none", /default-src 'self'/, "there is a policy");
  await page.locator(".opblock").first().waitFor();

  const document = await (await fetch(`${origin}/openapi.json`)).json();
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const listed = await page.locator(".opblock-summary-control").evaluateAll((rows) =>
    rows.map((row) => {
      const method = row.querySelector(".opblock-summary-method").textContent;
      return `${method} ${row.querySelector(".opblock-summary-path").dataset.path}`;
    }),
  );
  assert.deepEqual(listed.sort(), operations.sort(), "every operation is listed");

  await page.getByRole("button", { name: "Authorize" }).first().click();
  await page.locator(".auth-container input").first().fill(token);
  await page.locator(".auth-container button.authorize").click();
  await page.locator(".auth-container button.btn-done").click();

  const [read, me] = await tryOut(page, "readMe");
  assert.equal(read, "200", me);
  assert.match(me, /"username": "ada"/);
  const [created, post] = await tryOut(page, "createPost", JSON.stringify({ text: "from the page" }));
  assert.equal(created, "201", post);
  assert.match(post, /"text": "from the page"/);

  await page.screenshot({ path: screenshot, fullPage: true });
  const elsewhere = loaded.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith("data:"));
  assert.deepEqual(elsewhere, [], "nothing comes from elsewhere");
  assert.deepEqual(complaints, [], "nothing is refused or fails");
  const sent = loaded.filter((url) => !url.startsWith("data:")).length;
  console.log(`${operations.length} operations listed, two tried out, ${sent} requests, all to the origin`);
} finally {
  await browser.close();
}
