import t from 'tap'
import { parseAnswer } from '../../../bench/proxy/backends.ts'
import { findFault, parseWrkOutput } from '../../../bench/proxy/load.ts'
import { planDescriptors } from '../../../bench/proxy/machine.ts'
import { complaintIn } from '../../../bench/proxy/processes.ts'
import { scenarios } from '../../../bench/proxy/scenarios.ts'
import { rotated } from '../../../bench/proxy/session.ts'
import { implausible } from '../../../bench/proxy/throughput.ts'

const line = 'wrk-result {"requests":100,"durationUs":1000000,"bytes":20000,"connectErrors":0,"readErrors":0,' +
  '"writeErrors":0,"statusErrors":0,"timeouts":0,"p50Us":10,"p99Us":20,"maxUs":30}'
const get = scenarios[0] as typeof scenarios[number]

void t.test('the result line is found among what wrk prints', async t => {
  t.match(parseWrkOutput(`Running 1s test\n${line}\n`), { requests: 100, p99Us: 20 })
  t.throws(() => parseWrkOutput('unable to connect'), /no result: unable to connect/)
})

void t.test('a row counts only without any error and with whole answers', async t => {
  const good = parseWrkOutput(line)
  t.equal(findFault(good, get), undefined)
  for (const kind of ['connectErrors', 'readErrors', 'writeErrors', 'statusErrors', 'timeouts']) {
    t.equal(findFault({ ...good, [kind]: 2 }, get), `2 ${kind}`)
  }
  t.match(findFault({ ...good, bytes: 100 }, get), /bytes per answer/)
  t.match(findFault({ ...good, requests: 0 }, get), /no request/)
})

void t.test('numbers that no proxy can have are named', async t => {
  const row = {
    requests: 1000,
    requestsPerSecond: 1000,
    p50Us: 10,
    p99Us: 20,
    maxUs: 30,
    userSeconds: 0.01,
    systemSeconds: 0.01,
    cpuUsPerRequest: 20,
    busyRatio: 0.02,
    residentBytes: 2e6,
    peakBytes: null
  }
  t.equal(implausible(row), undefined)
  t.match(implausible({ ...row, cpuUsPerRequest: 0 }), /CPU/)
  t.match(implausible({ ...row, requestsPerSecond: Number.NaN }), /requests a second/)
  t.match(implausible({ ...row, p50Us: 25 }), /latencies/)
  t.match(implausible({ ...row, residentBytes: 0 }), /resident/)
})

void t.test('answers of the backends', async t => {
  t.same(parseAnswer('backend 9001 3 89\n'), { port: 9001, connectionRequests: 3, requestBytes: 89 })
  t.throws(() => parseAnswer('<html>502'), /not an answer/)
})

void t.test('rotation changes who comes first and keeps everybody', async t => {
  t.same([0, 1, 2, 3].map(by => rotated(['a', 'b', 'c'], by).join('')), ['abc', 'bca', 'cab', 'abc'])
  t.same(rotated([], 2), [])
})

void t.test('open files: raised within the hard limit, else said', async t => {
  t.same(planDescriptors(1000, 1024, 4096), { raiseTo: null, problem: undefined })
  t.same(planDescriptors(2000, 1024, Infinity), { raiseTo: 2000, problem: undefined })
  const tooLow = planDescriptors(9000, 1024, 4096)
  t.equal(tooLow.raiseTo, 4096)
  t.match(tooLow.problem, /ulimit -Hn 9000/)
})

void t.test('of a stack trace the line with the error is kept', async t => {
  const trace = 'node:internal\n    throw new Error(x)\n\nError: no such thing\n    at foo\n\nNode.js v26\n'
  t.equal(complaintIn(trace), 'Error: no such thing')
  t.equal(complaintIn('nginx: [emerg] bind() failed\nnginx: done\n'), 'nginx: [emerg] bind() failed')
  t.equal(complaintIn('first\nlast\n'), 'last')
  t.equal(complaintIn(''), '')
})
