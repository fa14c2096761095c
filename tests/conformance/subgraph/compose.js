// Composes the suite's supergraph: its two subgraphs as files, and `products` as the service itself says it is.
// Arguments: the URLs of products, users and inventory, and the file to write.
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

import { assertCompositionSuccess, composeServices } from '@theguild/federation-composition'
import { parse } from 'graphql'

const [products, users, inventory, file] = process.argv.slice(2)
const suite = path.dirname(
  createRequire(import.meta.url).resolve('@apollo/federation-subgraph-compatibility-tests/package.json'),
)

async function served(url) {
  const body = JSON.stringify({ query: '{ _service { sdl } }' })
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return (await answer.json()).data._service.sdl
}

const filed = (name) => readFile(path.join(suite, 'dist', 'subgraphs', name, `${name}.graphql`), 'utf8')

const composed = composeServices([
  { name: 'products', url: products, typeDefs: parse(await served(products)) },
  { name: 'users', url: users, typeDefs: parse(await filed('users')) },
  { name: 'inventory', url: inventory, typeDefs: parse(await filed('inventory')) },
])
assertCompositionSuccess(composed)
await writeFile(file, composed.supergraphSdl)
