import relay from 'relay-runtime';

import { authorization, graph, named } from '../scene.js';

const { Environment, Network, RecordSource, Store } = relay;

/** A store of its own for one person. `sent` is told the name of every operation before it goes out, and may take its time. */
export function environment(person, sent = () => {}) {
  const fetchQuery = async ({ name, text }, variables) => {
    await sent(name);
    const response = await fetch(graph, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...named('relay'), ...authorization(person) },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  };
  return new Environment({ network: Network.create(fetchQuery), store: new Store(new RecordSource()) });
}
