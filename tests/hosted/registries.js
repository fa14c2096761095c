// What the CLIs of the two registries talk to here: it writes down what they ask, and says yes or no.

import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';

/**
 * Stands in for the APIs of GraphQL Hive (`/hive`) and GraphOS (`/graphos`), and for Hive's CDN (`/cdn/supergraph`).
 *
 * `refuse` has the names of the subgraphs that are refused, `asked` what was asked of the CDN and the APIs: each operation with
 * its variables and the headers it came with; each time there is an event `asked`. `supergraph` is what the CDN has.
 */
export class Registries extends EventEmitter {
  asked = [];
  refuse = new Set();
  supergraph = '';
  #server = createServer((request, response) => this.#answer(request, response));
  #checked = '';

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The variables of every operation by that name. */
  variables(operation) {
    return this.asked.filter((it) => it.operation === operation).map((it) => it.variables);
  }

  #note(request) {
    this.asked.push(request);
    this.emit('asked');
  }

  async #answer(request, response) {
    if (request.url === '/cdn/supergraph') return this.#cdn(request, response);
    let body = '';
    for await (const chunk of request) body += chunk;
    const { query, variables } = JSON.parse(body);
    const operation = /(?:query|mutation)\s+(\w+)/.exec(query)[1];
    this.#note({ url: request.url, headers: request.headers, operation, variables });
    const data = this[operation]?.(variables);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(data ? { data } : { errors: [{ message: `${operation} is not known here` }] }));
  }

  #cdn(request, response) {
    const etag = `"${createHash('sha256').update(this.supergraph).digest('hex')}"`;
    const { 'if-none-match': known, 'x-hive-cdn-key': key } = request.headers;
    const status = key !== 'cdn-key' ? 403 : known === etag ? 304 : 200;
    this.#note({ url: request.url, status });
    response.writeHead(status, { etag });
    response.end(status === 200 ? this.supergraph : status === 403 ? 'Forbidden' : undefined);
  }

  // GraphQL Hive.

  CLI_SchemaCheckMutation({ input }) {
    const rest = { changes: { edges: [] }, warnings: null, schemaCheck: null };
    return {
      schemaCheck: this.refuse.has(input.service)
        ? { __typename: 'SchemaCheckError', valid: false, errors: errors('a field is gone'), ...rest }
        : { __typename: 'SchemaCheckSuccess', valid: true, initial: false, ...rest },
    };
  }

  schemaPublish({ input }) {
    const rest = { linkToWebsite: null, changes: { edges: [] } };
    return {
      schemaPublish: this.refuse.has(input.service)
        ? { __typename: 'SchemaPublishError', valid: false, errors: errors('a field is gone'), ...rest }
        : { __typename: 'SchemaPublishSuccess', valid: true, initial: false, successMessage: 'stored', ...rest },
    };
  }

  // GraphOS.

  IsFederatedGraph() {
    return { graph: { variant: { subgraphs: [{ name: 'users' }] } } };
  }

  SubgraphCheckMutation({ input }) {
    this.#checked = input.subgraphName;
    const request = { __typename: 'CheckRequestSuccess', targetURL: 'https://studio.invalid/check', workflowID: '1' };
    return { graph: { variant: { submitSubgraphCheckAsync: request } } };
  }

  #status = () => (this.refuse.has(this.#checked) ? 'FAILED' : 'PASSED');

  SubgraphCheckWorkflowStatusQuery() {
    return { graph: { checkWorkflow: { status: this.#status(), tasks: [] } } };
  }

  SubgraphCheckWorkflowQuery() {
    const operations = {
      __typename: 'OperationsCheckTask',
      status: this.#status(),
      targetURL: null,
      result: {
        __typename: 'OperationsCheckResult',
        checkSeverity: this.#status() === 'FAILED' ? 'FAILURE' : 'NOTICE',
        numberOfCheckedOperations: 1,
        changes: this.#status() === 'FAILED' ? [{ severity: 'FAILURE', code: 'FIELD_REMOVED', description: 'a field is gone' }] : [],
      },
    };
    return { graph: { checkWorkflow: { status: this.#status(), tasks: [operations] } } };
  }

  SubgraphPublishMutation({ subgraph }) {
    if (this.refuse.has(subgraph)) return undefined;
    return {
      graph: {
        publishSubgraph: {
          compositionConfig: { schemaHash: '1' },
          errors: [],
          didUpdateGateway: true,
          serviceWasCreated: false,
          serviceWasUpdated: true,
          launchCliCopy: null,
          launchUrl: null,
        },
      },
    };
  }
}

const errors = (...messages) => ({ edges: messages.map((message) => ({ node: { message } })) });
