// The components of `src/`, rendered, and used as a person would use them.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { JSDOM } from 'jsdom';

import { scene, until } from '../scene.js';

const require = createRequire(import.meta.url);
const dom = new JSDOM('<div id="root"></div>');
for (const name of ['window', 'document', 'navigator']) {
  Object.defineProperty(globalThis, name, { value: dom.window[name], configurable: true });
}
// They look for the page when they are loaded.
const { createElement: element, Suspense } = require('react');
const { createRoot } = require('react-dom/client');
const { RelayEnvironmentProvider } = require('react-relay');
const { environment } = await import('./environment.js');

let world;
before(async () => {
  world = await scene();
});

const roots = [];
after(() => roots.forEach((root) => root.unmount()));

/** Shows a component of `src/` to a person; what they see and do, and the names of the operations so far. `delay` holds one up. */
function show(name, person, delay = () => {}) {
  const Component = require(`./build/${name}.jsx`)[name];
  const sent = [];
  const page = dom.window.document.createElement('div');
  const root = createRoot(page);
  roots.push(root);
  const store = environment(person, (operation) => {
    sent.push(operation);
    return delay(operation);
  });
  const content = element(Suspense, { fallback: 'loading' }, element(Component));
  root.render(element(RelayEnvironmentProvider, { environment: store }, content));
  return {
    sent,
    texts: () => [...page.querySelectorAll('q')].map((text) => text.textContent),
    authors: () => [...page.querySelectorAll('b')].map((author) => author.textContent),
    likes: () => [...page.querySelectorAll('li button')].map((button) => Number(button.textContent)),
    press: (selector) => page.querySelector(selector).dispatchEvent(new dom.window.MouseEvent('click', { bubbles: true })),
    isOver: () => page.querySelector('#more').disabled,
    page,
  };
}

/** Waits until a page shows exactly these texts. */
const shows = (view, texts) => until(`${texts}`, () => view.texts().join() === texts.join());

// React hears of what happens at the root of its page only.
const attach = (view) => {
  dom.window.document.body.append(view.page);
  return view;
};

test('a connection of Query, page by page', async () => {
  const { reader, author } = world;
  const timeline = attach(show('Timeline', reader));
  await shows(timeline, ['five', 'four']);
  assert.deepEqual(timeline.authors(), [author.username, author.username]);
  timeline.press('#more');
  await shows(timeline, ['five', 'four', 'three', 'two']);
  timeline.press('#more');
  await shows(timeline, ['five', 'four', 'three', 'two', 'one']);
  await until('the end', timeline.isOver);
  assert.deepEqual(timeline.sent, ['TimelineQuery', 'TimelinePaginationQuery', 'TimelinePaginationQuery']);
});

test('a connection of a User is refetched by node', async () => {
  const profile = attach(show('Profile', world.author));
  await shows(profile, ['five', 'four']);
  profile.press('#more');
  await shows(profile, ['five', 'four', 'three', 'two']);
  profile.press('#again');
  await shows(profile, ['five']);
  assert.deepEqual(profile.sent, ['ProfileQuery', 'ProfilePaginationQuery', 'ProfilePaginationQuery']);
});

test('a like shows before the server knows of it, and after', async () => {
  let release;
  const held = new Promise((done) => (release = done));
  const delay = (operation) => (operation === 'PostLikeMutation' ? held : undefined);
  const timeline = attach(show('Timeline', world.reader, delay));
  await shows(timeline, ['five', 'four']);
  assert.deepEqual(timeline.likes(), [0, 0]);
  timeline.press('li button');
  await until('a like on this page', () => timeline.likes()[0] === 1);
  const before = attach(show('Timeline', world.reader));
  await shows(before, ['five', 'four']);
  assert.deepEqual(before.likes(), [0, 0]);
  release();
  await until('the like on a new page', async () => {
    const later = attach(show('Timeline', world.reader));
    await shows(later, ['five', 'four']);
    return later.likes()[0] === 1;
  });
  assert.deepEqual(timeline.likes(), [1, 0]);
});

test('what is written goes to the head of the connection that is shown', async () => {
  const profile = attach(show('Profile', world.author));
  await shows(profile, ['five', 'four']);
  profile.press('#write');
  await shows(profile, ['written with Relay', 'five', 'four']);
  assert.deepEqual(profile.sent, ['ProfileQuery', 'ProfileCreatePostMutation']);
});
