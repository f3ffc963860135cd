/** Options and faults of the demo runner: defaults, and errors that name what is wrong and what would be right. */
import t from 'tap'
import { parseFault } from '../../../lib/demo/faults.ts'
import { handlerOf, resolveOptions, settingsOf, type RunnerOptions } from '../../../lib/demo/options.ts'

void t.test('defaults are those of Fn', async t => {
  const options = resolveOptions({})
  t.match(options, { host: '127.0.0.1', port: 0, maxInstances: 8, maxQueued: 0, truth: false, inline: false })
  t.match(settingsOf(options, 'hello'), {
    timeoutMs: 30_000, idleTimeoutMs: 30_000, memoryMb: 128, initMs: 0, initTimeoutMs: 5_000
  })
})

void t.test('a function has its own settings over the node\'s', async t => {
  const options = resolveOptions({ defaults: { initMs: 5 }, functions: { 'hello-a': { timeoutMs: 7 } } })
  t.match(settingsOf(options, 'hello-a'), { timeoutMs: 7, initMs: 5, idleTimeoutMs: 30_000 })
  t.match(settingsOf(options, 'hello-b'), { timeoutMs: 30_000, initMs: 5 })
  t.match(settingsOf(options, 'constructor'), { timeoutMs: 30_000 })
})

void t.test('what is wrong is named', async t => {
  for (const [options, message] of [
    [{ port: 70_000 }, /^demo runner: port: must be a whole number from 0 to 65535, not 70000$/],
    [{ maxInstances: 1.5 }, /maxInstances: must be a whole number/],
    [{ maxInstances: '4' }, /maxInstances: must be a number, not 4/],
    [{ inline: undefined }, /inline: must be a boolean, not undefined/],
    [{ maxInstance: 4 }, /maxInstance: no such option; known here: host, port/],
    [{ defaults: { timeout: 4 } }, /defaults\.timeout: no such option; known here: timeoutMs/],
    [{ functions: { nosuch: {} } }, /functions\.nosuch: "nosuch" names no function; use hello, echo/],
    [{ functions: { 'hello-a': { initMs: -1 } } }, /functions\.hello-a\.initMs: must be/],
    [{ triggers: { orders: 'hello' } }, /the source "orders" must start with \//],
    [{ triggers: { '/orders': 'nosuch' } }, /triggers\["\/orders"\]: "nosuch" names no function/],
    [{ host: 'example.com' }, /host: "example.com" is not an IP address/],
    [{ app: 'a/b' }, /app: "a\/b" is not a name/],
    [{ nodeId: '' }, /nodeId: "" is not a name/]
  ] as const) {
    t.throws(() => resolveOptions(options as RunnerOptions), { code: 'FNLB_DEMO_OPTION', message })
  }
})

void t.test('a function id is a handler, or one with a suffix', async t => {
  for (const id of ['hello', 'hello-1', 'hello-a.b_c-d']) t.equal(handlerOf(id), 'hello')
  for (const id of ['', 'hell', 'hello1', 'Hello', '-hello', 'hello/1', 'hello "', `hello-${'x'.repeat(300)}`]) {
    t.equal(handlerOf(id), undefined, id)
  }
})

void t.test('faults', async t => {
  t.same(parseFault({ kind: 'slow', delayMs: 5, scope: 'all' }), { kind: 'slow', delayMs: 5, scope: 'all' })
  for (const [fault, message] of [
    [null, /must be an object with kind: slow, hang/],
    [{}, /kind: must be one of slow, hang/],
    [{ kind: 'slow', delayMs: -1 }, /delayMs: must be a whole number from 0/],
    [{ kind: 'slow', execute: 'yes' }, /execute: must be true or false/],
    [{ kind: 'slow', scope: 'some' }, /scope: must be calls or all/],
    [{ kind: 'slow', fnId: 1 }, /fnId: must be a text/],
    [{ kind: 'slow', often: 1 }, /often: no such field; known: kind, scope/]
  ] as const) t.throws(() => parseFault(fault), { code: 'FNLB_DEMO_OPTION', message })
})
