/**
 * A runner node is killed with -9 under load. Runners are processes and record what they execute, so the test can say of
 * each call what became of it: nothing runs twice, and the only calls lost are those that the dead node had in its hands.
 */
import http from 'node:http'
import t from 'tap'
import { startRunnerProcess } from '../../../lib/demo/runner-process.ts'
import type { RunnerProcess } from '../../../lib/demo/runner-process.ts'
import { startProxy } from '../../support/proxy.ts'

const CALLS_BEFORE = 300
const CALLS_AFTER = 300
const PARALLEL = 24

interface Answer {
  readonly id: string
  readonly status: number
  readonly code: string
}

function call (agent: http.Agent, port: number, id: string, key: number): Promise<Answer> {
  return new Promise((resolve) => {
    const request = http.request({
      agent,
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: `/invoke/sleep-${key}`,
      headers: { 'x-call-id': id, 'x-demo-ms': '4', 'content-type': 'text/plain' }
    }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => { text += part })
      response.on('end', () => {
        const status = response.statusCode ?? 0
        resolve({ id, status, code: status >= 500 ? (JSON.parse(text) as { code?: string }).code ?? 'runner' : '' })
      })
      response.on('error', (error: NodeJS.ErrnoException) => { resolve({ id, status: 0, code: error.code ?? 'cut' }) })
    })
    request.on('error', (error: NodeJS.ErrnoException) => { resolve({ id, status: 0, code: error.code ?? 'cut' }) })
    request.end('a body that must arrive once')
  })
}

void t.test('kill -9 under load: only what the dead node held is lost, nothing runs twice', async t => {
  const runners: RunnerProcess[] = await Promise.all(['a', 'b', 'c'].map((nodeId) =>
    startRunnerProcess({ nodeId, inline: true, maxInstances: 64 })))
  t.teardown(() => Promise.all(runners.map((runner) => runner.stop(0))))
  const proxy = await startProxy({
    nodes: runners.map(({ nodeId, address }) => ({ id: nodeId, port: Number(address.split(':')[1]) }))
  })
  t.teardown(() => proxy.close())
  const agent = new http.Agent({ keepAlive: true, maxSockets: PARALLEL })
  t.teardown(() => { agent.destroy() })

  const answers: Answer[] = []
  let next = 0
  let victim: RunnerProcess | undefined
  let heldAtDeath = -1
  const total = CALLS_BEFORE + CALLS_AFTER
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    while (next < total) {
      const number = next++
      if (number === CALLS_BEFORE) {
        // The busiest node dies, so that it holds as many calls as possible.
        const loads = runners.map(({ nodeId }) => {
          const slot = proxy.engine.poolFor('', '/')!.view.nodes.findIndex(({ id }) => id === nodeId)
          return { nodeId, slot, load: proxy.table.inFlight(slot) }
        }).sort((left, right) => right.load - left.load)
        heldAtDeath = loads[0]!.load
        victim = runners.find(({ nodeId }) => nodeId === loads[0]!.nodeId)
        victim!.signal('SIGKILL')
      }
      answers.push(await call(agent, proxy.port, `call-${number}`, number % 30))
    }
  }))

  t.equal(answers.length, total)
  const lost = answers.filter(({ status }) => status !== 200)
  // Between the count and the death of the process a few more may have reached it.
  t.ok(lost.length <= heldAtDeath + PARALLEL, `${lost.length} calls lost, ${heldAtDeath} were counted at the node`)
  t.strictSame(lost.filter(({ code }) => code !== 'upstream_reset'), [], 'each lost call was in the dead node\'s hands')

  const executed = new Map<string, number>()
  for (const runner of runners) {
    if (runner === victim) continue
    for (const { id, executed: ran } of await runner.calls()) if (ran) executed.set(id, (executed.get(id) ?? 0) + 1)
  }
  t.strictSame([...executed].filter(([, times]) => times > 1), [], 'nothing ran twice')
  t.strictSame(lost.filter(({ id }) => executed.has(id)), [], 'a call reported as lost did not run elsewhere')
  t.equal(proxy.inFlight(), 0, 'every lease came back')
  t.equal(proxy.counters.sum('clientRequestsInFlight'), 0)
})
