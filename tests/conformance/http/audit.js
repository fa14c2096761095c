// Holds servers against the audits of GraphQL over HTTP. Arguments: a name and a URL each. The exit code is 1 if an audit has
// another outcome than it should.
import { serverAudits } from 'graphql-http'

// What the specification leaves to the server, and the services leave out: they take POST only, as no request that a web page
// can send without asking first may do anything. The router takes queries by GET, and knows where a browser sends them from.
const GET_AT_A_SERVICE = ['5A70', 'D6D5', '6A70']
const NUMBERS = { MUST: 13, SHOULD: 23, MAY: 25 }

async function hold(name, url) {
  const declined = name === 'router' ? [] : GET_AT_A_SERVICE
  const passed = { MUST: 0, SHOULD: 0, MAY: 0 }
  const all = { MUST: 0, SHOULD: 0, MAY: 0 }
  const wrong = []
  for (const audit of serverAudits({ url })) {
    const [level] = audit.name.split(' ')
    const result = await audit.fn()
    const ok = result.status === 'ok'
    all[level] += 1
    passed[level] += ok ? 1 : 0
    if (ok === declined.includes(audit.id)) {
      wrong.push(`${audit.id} ${audit.name}: ${ok ? 'passes, and is said to be declined' : result.reason}`)
    }
  }
  const counts = Object.keys(all).map((level) => `${level} ${passed[level]} of ${all[level]}`)
  console.log(`${name.padEnd(10)} ${counts.join(', ')}${declined.length ? `; declined ${declined.join(', ')}` : ''}`)
  if (JSON.stringify(all) !== JSON.stringify(NUMBERS)) {
    wrong.push(`the audits are other ones: ${JSON.stringify(all)}, not ${JSON.stringify(NUMBERS)}`)
  }
  return wrong.map((line) => `${name}: ${line}`)
}

const targets = process.argv.slice(2)
const wrong = []
for (let next = 0; next < targets.length; next += 2) {
  wrong.push(...(await hold(targets[next], targets[next + 1])))
}
for (const line of wrong) console.error(line)
process.exitCode = wrong.length || !targets.length ? 1 : 0
