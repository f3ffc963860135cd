/** The policy hot on real sockets: a function stays where it is warm, though its home is elsewhere. */
import { request, scene } from '../../support/stage.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'

const COLD_START_MS = 500
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** The first call of a function at a runner is a cold start: it takes its time, as a process that starts would. */
function coldThenWarm (): (call: RunnerCall) => void {
  const warm = new Set<string>()
  return (call) => {
    const instance = `${call.connection.socket.localPort} ${call.target}`
    if (warm.has(instance)) call.write(OK)
    else {
      warm.add(instance)
      setTimeout(() => { call.write(OK) }, COLD_START_MS)
    }
  }
}

scene('hot: a node that was warmed keeps the function when its home comes back', {
  runners: 3, pool: { policy: 'hot', tuning: { keepAliveMs: 30_000 } }, requests: 6, script: coldThenWarm()
}, async (t, { ask, runners, homedAt, proxy }) => {
  const path = homedAt(0)
  const eligible = proxy.table.state(0)
  proxy.table.setState(0, 0)
  await ask(request(`GET ${path}`))
  const warmed = runners.findIndex(({ calls }) => calls.length === 1)
  t.not(warmed, 0)
  proxy.table.setState(0, eligible)
  for (let call = 0; call < 5; call++) await ask(request(`GET ${path}`))
  t.equal(runners[warmed]!.calls.length, 6, 'all calls went to the warm node')
})

scene('consistent-hash: the home gets it back, and starts cold', {
  runners: 3, pool: { policy: 'consistent-hash' }, requests: 3, script: coldThenWarm()
}, async (t, { ask, runners, homedAt, proxy }) => {
  const path = homedAt(0)
  const eligible = proxy.table.state(0)
  proxy.table.setState(0, 0)
  await ask(request(`GET ${path}`))
  proxy.table.setState(0, eligible)
  for (let call = 0; call < 2; call++) await ask(request(`GET ${path}`))
  t.equal(runners[0]!.calls.length, 2)
})
