// The suite's own configuration needs TypeScript; what it publishes does not.
const path = require('node:path')

const suite = path.dirname(require.resolve('@apollo/federation-subgraph-compatibility-tests/package.json'))

module.exports = {
  rootDir: path.join(suite, 'dist', 'tests'),
  haste: { retainAllFiles: true },
  setupFilesAfterEnv: [path.join(__dirname, 'router.cjs')],
  testEnvironment: 'node',
  testPathIgnorePatterns: [],
  transform: {},
}
