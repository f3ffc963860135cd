/** What the data threads get fits their own types (checked by the compiler here) and follows from the configuration. */
import t from 'tap'
import {
  engineSettings, instanceName, listenAddresses, poolView, routing, workerCount
} from '../../../lib/config/engine-settings.ts'
import { loadConfig } from '../../../lib/config/load.ts'
import type { Config } from '../../../lib/config/config.ts'
import type { EngineSettings, ListenAddress } from '../../../lib/proxy/protocol.ts'
import type { NodeView, PoolView, RingImage } from '../../../lib/tables/snapshot.ts'

function configOf (environment: Record<string, string>): Config {
  const result = loadConfig({ environment })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.config
}

void t.test('defaults', async t => {
  const settings: EngineSettings = engineSettings(configOf({ FNLB_POOLS__FN__NODES: 'a:1' }))
  t.same(settings, {
    limits: {
      maxHeadBytes: 16_384,
      maxFields: 100,
      maxTargetBytes: 8192,
      headerTimeoutMs: 10_000,
      idleTimeoutMs: 75_000,
      bodyTimeoutMs: 60_000,
      writeTimeoutMs: 60_000,
      tunnelIdleTimeoutMs: 3_600_000,
      lingerTimeoutMs: 2000,
      maxConnections: 10_000,
      maxConnectionsPerAddress: 0,
      maxRequestsPerConnection: 0,
      maxFunctions: 10_000
    },
    trustedProxies: [],
    headers: { requestId: 'x-request-id', forwarded: 'x-forwarded', via: false },
    accessLog: { mode: 'errors', sampleRatio: 0.01, slowMs: 5000 }
  })
})

void t.test('listeners', async t => {
  const config = configOf({ FNLB_POOLS__FN__NODES: 'a:1', FNLB_LISTEN: ':80,[::1]:81,unix:/x' })
  const plain: ListenAddress[] = listenAddresses(config)
  t.same(plain, [{ host: '', port: 80 }, { host: '::1', port: 81 }, { host: '', port: 0, path: '/x' }])
  t.same(listenAddresses(config, { cert: 'c', key: 'k' })[0], { host: '', port: 80, tls: { cert: 'c', key: 'k' } })
})

void t.test('routing by index', async t => {
  const config = configOf({
    FNLB_POOLS__B__NODES: 'a:1',
    FNLB_POOLS__A__NODES: 'a:1',
    FNLB_ROUTES: '[{"host":"*.x","path_prefix":"/p/","pool":"b"},{"pool":"a"}]'
  })
  t.same(routing(config), { routes: [{ host: '*.x', pathPrefix: '/p', pool: 1 }, { pool: 0 }], defaultPool: -1 })
  t.equal(routing({ ...config, defaultPool: 'b' }).defaultPool, 1)
})

void t.test('pool views', async t => {
  const nodes: NodeView[] = ['x', 'y', 'z'].map((id, slot) => ({ id, host: id, port: 1, slot }))
  const ring: RingImage = { positions: new Uint32Array(), owners: new Uint16Array(), nodeCount: 3, digest: 'd' }
  const view = (environment: Record<string, string>): PoolView =>
    poolView(configOf({ FNLB_POOLS__FN__NODES: 'x:1,y:1', ...environment }).pools[0]!, 4, nodes, ring)
  t.match(view({}), {
    index: 4,
    name: 'fn',
    policy: 'hot',
    keyRules: [{ kind: 'fn' }],
    missingKey: 'least-request',
    api: { action: 'route', nodes: [0, 1, 2] },
    timeouts: { connectMs: 1000, firstByteMs: 310_000, idleBodyMs: 60_000 },
    maxBodyBytes: 0,
    replayBytes: 65_536,
    retry: { attempts: 3, budgetRatio: 0.2, budgetMin: 3 },
    upstream: { maxConnectionsPerNode: 256, maxIdlePerNode: 64, idleMs: 4000 }
  })
  t.equal(view({}).nodes, nodes)
  t.equal(view({}).ring, ring)
  t.same(view({ FNLB_POOLS__FN__API: 'refuse' }).api, { action: 'refuse' })
  t.same(view({ FNLB_POOLS__FN__NODES: '[{"address":"x:1","id":"y"}]', FNLB_POOLS__FN__API: 'y' }).api,
    { action: 'route', nodes: [1] })
})

void t.test('workers', async t => {
  const config = configOf({ FNLB_POOLS__FN__NODES: 'a:1' })
  t.same([1, 2, 8, 64, 0].map(cores => workerCount(config, cores)), [1, 2, 8, 8, 1])
  t.equal(workerCount({ ...config, workers: 12 }, 2), 12)
})

void t.test('the name of the daemon is a token', async t => {
  const config = configOf({ FNLB_POOLS__FN__NODES: 'a:1' })
  t.equal(instanceName(config, 'lb-7xk2p'), 'lb-7xk2p')
  t.equal(instanceName(config, "Bob's Mac"), 'Bob-s-Mac')
  t.equal(instanceName(config, ''), 'unnamed')
  t.equal(instanceName(config, 'x'.repeat(200)).length, 64)
  t.equal(instanceName(configOf({ FNLB_POOLS__FN__NODES: 'a:1', FNLB_INSTANCE: 'me' }), 'host'), 'me')
})
