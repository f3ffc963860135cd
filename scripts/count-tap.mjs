// Counts the assertions of a TAP stream, at every depth: prints "passed failed". A sub-test's own line is its summary and
// does not count beside what it sums up.
import { readFileSync } from 'node:fs'

let passed = 0
let failed = 0
let previousDepth = 0
for (const line of readFileSync(process.argv[2], 'utf8').split('\n')) {
  const match = /^( *)(not )?ok\b(.*)$/.exec(line)
  if (match === null) continue
  const depth = match[1].length
  const isSummary = depth < previousDepth
  previousDepth = depth
  if (isSummary && match[2] === undefined) continue
  if (/# (SKIP|TODO)/i.test(match[3])) continue
  if (match[2] === undefined) passed++
  else failed++
}
console.log(passed, failed)
