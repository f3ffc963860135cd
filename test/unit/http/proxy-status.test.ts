import t from 'tap'
import { proxyStatus } from '../../../lib/http/proxy-status.ts'

void t.test('a member of the list', async t => {
  t.equal(proxyStatus({}), 'fnlb')
  t.equal(proxyStatus({ error: 'connection_timeout' }), 'fnlb; error=connection_timeout')
  t.equal(
    proxyStatus({ error: 'http_protocol_error', nextHop: '10.0.0.1:8080', receivedStatus: 503, details: 'bad "x"' }),
    'fnlb; error=http_protocol_error; next-hop="10.0.0.1:8080"; received-status=503; details="bad \\"x\\""')
})

void t.test('what can not be written is left out', async t => {
  t.equal(proxyStatus({ error: 'a, evil' }), 'fnlb')
  t.equal(proxyStatus({ error: '' }), 'fnlb')
  for (const receivedStatus of [0, 99, 1000, 200.5, NaN, -1]) t.equal(proxyStatus({ receivedStatus }), 'fnlb')
})

void t.test('texts are bounded', async t => {
  t.equal(proxyStatus({ details: 'x'.repeat(1e5) }).length, 'fnlb; details=""'.length + 200)
  t.equal(proxyStatus({ nextHop: 'x'.repeat(1e5) }).length, 'fnlb; next-hop=""'.length + 255)
})
