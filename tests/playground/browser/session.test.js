import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import { answer, choose, open, person, run, screenshot, signIn, status, until } from "./support.js";

const axe = createRequire(import.meta.url).resolve("axe-core");
const SESSIONS = "{ sessions { id } }";

/** What axe finds wrong with a part of the page. */
async function violations(page, part) {
  await page.evaluate(await (await import("node:fs/promises")).readFile(axe, "utf8"));
  const found = await page.evaluate((part) => window.axe.run(part), part);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}

for (const colorScheme of ["light", "dark"]) {
  test(`the bar and the form have names, labels and contrast: ${colorScheme}`, async (t) => {
    const page = await open(t, { colorScheme });
    assert.deepEqual(await violations(page, ".bar"), []);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("dialog", { name: "Sign in" }).waitFor();
    await screenshot(page, `sign-in-${colorScheme}`);
    assert.deepEqual(await violations(page, ".sign-in"), []);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await run(page);
    await answer(page, "Ada Lovelace");
    await screenshot(page, `page-${colorScheme}`);
  });
}

test("a wrong password is said in the form, which stays open", async (t) => {
  const page = await open(t);
  await signIn(page, "linus@example.com", "not the password");
  await page.getByRole("dialog").getByRole("alert").filter({ hasText: /./ }).waitFor();
  await screenshot(page, "wrong-password");
  assert.deepEqual(await violations(page, ".sign-in"), []);
  await page.getByRole("dialog").getByRole("button", { name: "Linus" }).click();
  await status(page).filter({ hasText: "Linus Torvalds" }).waitFor();
});

test("no refresh token is stored, and no token outlives the tab", async (t) => {
  const page = await open(t);
  const [session] = await Promise.all([
    page.waitForResponse(async (answer) => (await answer.text()).includes("refreshToken")).then((answer) => answer.json()),
    signIn(page),
  ]);
  await status(page).filter({ hasText: "Ada" }).waitFor();
  const { refreshToken, accessToken } = session.data.session;
  assert.ok(refreshToken && accessToken);
  const stored = await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }].map((all) => JSON.stringify(all)));
  assert.ok(!stored.join("").includes(refreshToken));
  assert.ok(!stored[0].includes(accessToken), "local storage is there for ever");
  assert.ok(stored[1].includes(accessToken), "a reload does not sign out");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await status(other).filter({ hasText: "Nobody is signed in" }).waitFor();
});

test("signing out ends the session at the router too, before a reload and after it", async (t) => {
  const page = await open(t);
  const linus = await person("linus");
  const count = async () => (await linus.ask(SESSIONS)).sessions.length;
  const before = await count();
  for (const reload of [false, true]) {
    await signIn(page, "linus@example.com");
    await status(page).filter({ hasText: "Linus" }).waitFor();
    assert.equal(await count(), before + 1);
    if (reload) {
      await page.reload();
      await status(page).filter({ hasText: "Linus" }).waitFor();
    }
    await page.getByRole("button", { name: "Sign out" }).click();
    await status(page).filter({ hasText: "Nobody is signed in" }).waitFor();
    await until("the session has ended", async () => (await count()) === before);
  }
});

test("a session is renewed before it ends", async (t) => {
  const page = await open(t, { clock: true });
  await signIn(page);
  await status(page).filter({ hasText: "renewed by itself" }).waitFor();
  const first = await page.evaluate(() => sessionStorage.getItem("rookery:session"));
  await page.clock.fastForward("14:30");
  await page.waitForFunction((first) => sessionStorage.getItem("rookery:session") !== first, first);
  await status(page).filter({ hasText: "renewed by itself" }).waitFor();
  await choose(page, "Sessions");
  await page.clock.fastForward("00:01");
  await run(page);
  await answer(page, '"email": "ada@example.com"');
});

test("a session that cannot be renewed is over at its end, and the page says so", async (t) => {
  const page = await open(t, { clock: true });
  await signIn(page);
  await status(page).filter({ hasText: "Ada" }).waitFor();
  await page.reload();
  await status(page).filter({ hasText: /^Ada Lovelace is signed in until [^(]*$/ }).waitFor();
  await page.clock.fastForward("15:10");
  await status(page).filter({ hasText: "The session is over. Please sign in again." }).waitFor();
});
