/** Names of nodes: asked once, kept a while, and served from the last good answer when the resolver fails. */
import type dns from 'node:dns'
import t from 'tap'
import { Names } from '../../../lib/proxy/names.ts'

const BOTH: dns.LookupAddress[] = [{ address: '10.0.0.1', family: 4 }, { address: 'fd00::1', family: 6 }]

function lookup (names: Names, name: string, options: dns.LookupOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    names.lookup(name, options, (error, address, family) => {
      if (error === null) resolve(family === undefined ? address : { address, family })
      else reject(error)
    })
  })
}

void t.test('one question for many connections, answers in the form asked for', async t => {
  const questions: string[] = []
  const names = new Names((name, tell) => {
    questions.push(name)
    setImmediate(tell, null, BOTH)
  })
  t.teardown(() => { names.close() })
  const all = await Promise.all([lookup(names, 'a', { all: true }), lookup(names, 'a', { all: true })])
  t.strictSame(all, [BOTH, BOTH])
  t.strictSame(await lookup(names, 'a', { family: 6 }), { address: 'fd00::1', family: 6 })
  t.strictSame(await lookup(names, 'a', { family: 'IPv4' }), { address: '10.0.0.1', family: 4 })
  t.strictSame(questions, ['a'])
})

void t.test('an answer never comes within the call', async t => {
  const names = new Names((_name, tell) => { setImmediate(tell, null, BOTH) })
  t.teardown(() => { names.close() })
  await lookup(names, 'a', {})
  let isLater = false
  const second = lookup(names, 'a', {}).then(() => isLater)
  isLater = true
  t.equal(await second, true)
})

void t.test('the last good answer serves while the resolver fails', async t => {
  let isDown = false
  let questions = 0
  const names = new Names((_name, tell) => {
    questions++
    setImmediate(tell, isDown ? Object.assign(new Error('no'), { code: 'EAI_AGAIN' }) : null, isDown ? [] : BOTH)
  }, 0.001)
  t.teardown(() => { names.close() })
  await lookup(names, 'a', { all: true })
  isDown = true
  const stale = Date.now() + 1
  while (Date.now() <= stale) await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(await lookup(names, 'a', { all: true }), BOTH)
  t.equal(questions, 2, 'it was asked again')
  await t.rejects(lookup(names, 'never-seen', {}), { code: 'EAI_AGAIN' })
})

void t.test('a name without an address of the wanted family is not found', async t => {
  const names = new Names((_name, tell) => { setImmediate(tell, null, [BOTH[0]!]) })
  t.teardown(() => { names.close() })
  await t.rejects(lookup(names, 'a', { family: 6 }), { code: 'ENOTFOUND' })
})
