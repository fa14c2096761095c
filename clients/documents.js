import { readFileSync } from 'node:fs';

/** The text of an operation that a client has a file for. */
export function operation(client, name) {
  return readFileSync(new URL(`../operations/${client}/${name}.graphql`, import.meta.url), 'utf8');
}
