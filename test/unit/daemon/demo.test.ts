import t from 'tap'
import { resolveConfig } from '../../../lib/config/resolve.ts'
import { schema } from '../../../lib/config/schema.ts'
import { demoPool, demoText } from '../../../lib/daemon/demo.ts'
import { config, pool } from '../../support/config.ts'

const RUNNERS = [{ id: 'demo-1', address: '127.0.0.1:4001' }, { id: 'demo-2', address: '127.0.0.1:4002' }]

void t.test('the demo pool has the defaults of any other pool', async (t) => {
  const nodes = RUNNERS.map(({ id, address }) => ({ id, address, capacity: 8 }))
  const [expected] = resolveConfig(schema.parse({ pools: { fn: { nodes } } }), '.').pools
  t.same(demoPool({ pools: [] }, RUNNERS), expected)
})

void t.test('it does not take the name of a pool that is there', async (t) => {
  t.equal(demoPool(config([pool('fn', [])]), RUNNERS).name, 'demo')
})

void t.test('the text names what to try', async (t) => {
  const facts = { version: '1.2.3', url: 'http://127.0.0.1:8080', pool: 'fn', nodes: 3 }
  const text = demoText({ ...facts, adminUrl: 'http://127.0.0.1:9901' })
  t.match(text, 'curl -d \'{"name":"you"}\' http://127.0.0.1:8080/invoke/hello')
  t.match(text, 'http://127.0.0.1:9901/v1/pools/fn/route?path=/invoke/hello')
  t.match(text, 'Ctrl-C')
  t.notMatch(demoText(facts), 'status')
})
