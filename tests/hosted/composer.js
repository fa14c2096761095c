// Stands in for Apollo's composer, which Rover would download: composes the configuration that Rover hands it.

import { readFileSync } from 'node:fs';

import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { load } from 'js-yaml';

const [, , command, file] = process.argv;
if (command !== 'compose') throw new Error(`${command} is not known here`);
const { subgraphs } = load(readFileSync(file, 'utf8'));
const services = Object.entries(subgraphs).map(([name, { routing_url: url, schema }]) => ({ name, url, typeDefs: parse(schema.sdl) }));
const { supergraphSdl, errors } = composeServices(services);
const answer = supergraphSdl
  ? { Ok: { supergraphSdl, hints: [] } }
  : { Err: { build_errors: errors.map(({ message }) => ({ message, code: null, type: 'composition' })) } };
console.log(JSON.stringify(answer));
