import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EventSource } from 'eventsource';

import { Watch, authorization, origin, person, send } from './support.js';

test('messages of the REST API, and the client goes on by itself when the connection breaks', async () => {
  const [ada, grace] = await Promise.all(['ada', 'grace'].map(person));
  const before = await send(grace, ada, 'to begin after');
  const watch = new Watch();
  const asked = [];
  let cable;
  const stream = new EventSource(`${origin}/api/messages/stream?after=${before.id}`, {
    fetch: (url, init) => {
      cable = new AbortController();
      const headers = { ...init.headers, ...authorization(ada) };
      asked.push(headers['Last-Event-ID']);
      return fetch(url, { ...init, headers, signal: AbortSignal.any([init.signal, cable.signal]) });
    },
  });
  stream.addEventListener('message', ({ data, lastEventId }) => {
    const { id, text, sender_id: sender } = JSON.parse(data);
    watch.next({ id, text, sender, lastEventId });
  });
  const write = async (...texts) => {
    const expected = [];
    for (const text of texts) {
      const { id } = await send(grace, ada, text);
      expected.push({ id, text, sender: grace.id, lastEventId: id });
    }
    return expected;
  };
  try {
    const first = await write('one', 'two', 'three');
    assert.deepEqual(await watch.take(3), first);
    assert.deepEqual(asked, [undefined]);

    cable.abort(new Error('the connection broke'));
    const away = await write('while you were away', 'and again');
    assert.deepEqual(await watch.take(2), away);
    assert.deepEqual(asked, [undefined, first.at(-1).id]);
    const back = await write('welcome back');
    assert.deepEqual(await watch.take(1), back);
  } finally {
    stream.close();
  }
});
