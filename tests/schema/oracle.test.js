// What other people's tools say of the planted changes, beside what `cargo xtask schema check` says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { diff } from '@graphql-inspector/core';
import { composeServices, compositionHasErrors, transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { buildASTSchema, parse, print, validate } from 'graphql';

import { onPurpose, stricter } from './differences.js';

const outcomes = JSON.parse(readFileSync(process.env.OUTCOMES, 'utf8'));
const LEVELS = { BREAKING: 'breaking', DANGEROUS: 'dangerous', NON_BREAKING: 'safe' };

function compose(subgraphs) {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    url: `http://${name}/graphql`,
    typeDefs: parse(sdl),
  }));
  return composeServices(services);
}

const schema = (supergraph) => buildASTSchema(transformSupergraphToPublicSchema(parse(supergraph)), { assumeValidSDL: true });

/** The coordinate of one of the inspector's changes, as ours are written. */
function coordinate({ type, path, meta }) {
  const parts = (path ?? '').split('.').filter((part) => part !== '@deprecated');
  if (type === 'UNION_MEMBER_ADDED') return `${meta.unionName}.${meta.addedUnionMemberTypeName}`;
  if (type === 'UNION_MEMBER_REMOVED') return `${meta.unionName}.${meta.removedUnionMemberTypeName}`;
  if (type === 'OBJECT_TYPE_INTERFACE_ADDED') return `${meta.objectTypeName}.${meta.addedInterfaceName}`;
  if (type === 'OBJECT_TYPE_INTERFACE_REMOVED') return `${meta.objectTypeName}.${meta.removedInterfaceName}`;
  if (type.startsWith('SCHEMA_')) return Object.entries(meta).find(([key, name]) => key.startsWith('old') && name)?.[1] ?? Object.values(meta).find(Boolean);
  if (type.startsWith('DIRECTIVE_USAGE_ARGUMENT_DEFINITION')) return `${meta.typeName}.${meta.fieldName}(${meta.argumentName}:)`;
  if (type.startsWith('DIRECTIVE_USAGE_')) return parts.filter((part) => !part.startsWith('@')).join('.');
  if (type.startsWith('FIELD_ARGUMENT')) return `${parts[0]}.${parts[1]}(${parts[2]}:)`;
  return parts.join('.');
}

/** Where a new element begins: all that comes with it is said by its own change. */
const within = (outer, inner) => inner !== outer && (inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}(`));

async function inspected(before, after) {
  const changes = (await diff(before, after)).map((change) => ({
    code: change.type,
    coordinate: coordinate(change),
    criticality: LEVELS[change.criticality.level],
    directive: change.meta.addedDirectiveName ?? change.meta.removedDirectiveName,
    of: change.meta,
  }));
  const added = changes.filter(({ code }) => ['TYPE_ADDED', 'FIELD_ADDED', 'ENUM_VALUE_ADDED', 'INPUT_FIELD_ADDED', 'DIRECTIVE_ADDED'].includes(code));
  return changes.filter((change) => {
    if (added.some((it) => it !== change && (within(it.coordinate, change.coordinate) || (it.coordinate === change.coordinate && change.criticality === 'safe')))) return false;
    // A deprecation is one change: that of the field or the value.
    if (change.directive === 'deprecated' && /FIELD_DEFINITION|ENUM_VALUE/.test(change.code) && !/INPUT_FIELD/.test(change.code)) return false;
    // The arguments of a directive in the schema come with the directive.
    return !/^DIRECTIVE_USAGE_ARGUMENT_(ADDED|REMOVED)$/.test(change.code);
  });
}

const key = ({ code, coordinate: at }) => `${code} ${at}`;
const used = new Set();

for (const { name, base, head, refused, supergraph, changes, operations } of outcomes) {
  test(name, async () => {
    let result;
    try {
      result = compose(head);
    } catch (error) {
      // What does not parse at all.
      assert.deepEqual([...new Set(refused)], ['SYNTAX'], `graphql-js: ${error.message}`);
      return;
    }
    const codes = (result.errors ?? []).map((error) => error.extensions?.code ?? 'ERROR').sort();
    if (refused.includes('SYNTAX')) {
      assert.ok(codes.length > 0, 'we refuse what the other composer takes');
      return;
    }
    assert.deepEqual(codes, [...refused].sort(), 'what the composers refuse');
    if (compositionHasErrors(result)) return;
    if (name !== 'the committed graph') assert.equal(result.supergraphSdl.trimEnd(), supergraph.trimEnd(), 'the supergraphs');

    const after = schema(result.supergraphSdl);
    const theirs = new Map((await inspected(schema(compose(base).supergraphSdl), after)).map((it) => [key(it), it.criticality]));
    const ours = new Map(changes.map((it) => [key(it), it.criticality]));
    for (const change of new Set([...theirs.keys(), ...ours.keys()])) {
      const [they, we] = [theirs.get(change) ?? 'nothing', ours.get(change) ?? 'nothing'];
      if (they === we) continue;
      const reason = onPurpose.findIndex((it) => it.change.test(change) && it.theirs === they && it.ours === we);
      assert.notEqual(reason, -1, `${change}: graphql-inspector says ${they}, we say ${we}`);
      used.add(reason);
    }

    for (const { name: operation, document, valid } of operations) {
      const errors = validate(after, parse(document));
      if (stricter.some((it) => it.case === name && it.operation === operation)) {
        assert.deepEqual([valid, errors], [false, []], operation);
        continue;
      }
      assert.equal(errors.length === 0, valid, `${operation}: graphql-js says ${errors.map((error) => error.message).join('; ') || 'nothing'}`);
    }
  });
}

test('every difference that is on purpose is there', () => {
  const unused = onPurpose.filter((_, index) => !used.has(index));
  assert.deepEqual(unused.map(({ change }) => String(change)), []);
});

test('there is something to compare', () => {
  assert.ok(outcomes.length > 40);
  assert.ok(outcomes.some(({ changes }) => changes.some(({ criticality }) => criticality === 'breaking')));
  assert.ok(outcomes.some(({ operations }) => operations.some(({ valid }) => !valid)));
});
