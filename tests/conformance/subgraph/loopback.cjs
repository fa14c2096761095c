// The suite's own subgraphs listen everywhere; on the machine of a test they listen to that machine.
const { Server } = require('node:net')

const { listen } = Server.prototype
Server.prototype.listen = function (options, ...rest) {
  return listen.call(this, { ...options, host: '127.0.0.1' }, ...rest)
}
