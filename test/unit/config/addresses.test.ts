/** Addresses have one spelling each; what is no address is refused with the way to write it. */
import t from 'tap'
import {
  formatHostPort, formatListen, isLoopback, parseListen, parseNetwork, parseNodeAddress
} from '../../../lib/config/addresses.ts'
import type { Parsed } from '../../../lib/config/units.ts'

function reason (result: Parsed<unknown>): string {
  return result.ok ? `accepted: ${JSON.stringify(result.value)}` : result.reason.replace(/^expected .*?, got /, '')
}

void t.test('listening addresses', async t => {
  for (const [text, target] of [
    [':8080', { host: '', port: 8080 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[0:0:0:0:0:0:0:1]:80', { host: '::1', port: 80 }],
    ['LocalHost:80', { host: 'localhost', port: 80 }],
    ['unix:/run/fnlb.sock', { path: '/run/fnlb.sock' }]
  ] as const) {
    const result = parseListen(text)
    t.same(result, { ok: true, value: target }, text)
    t.same(parseListen(result.ok ? formatListen(result.value) : ''), result, `${text} survives formatting`)
  }
  for (const [input, words] of [
    [8080, 'the number 8080 (write ":8080")'],
    ['8080', '"8080" (write ":8080")'],
    ['*:8080', '"*:8080" (for all interfaces write ":8080")'],
    [':80800', '":80800" (a port is at most 65535)'],
    ['::1:8080', '"::1:8080" (put the IPv6 address in brackets: "[::1]:8080")'],
    ['http://a.example:80/', '"http://a.example:80/" (only host and port: "a.example:80")'],
    ['localhost', '"localhost" (the port is missing)'],
    ['300.1.1.1:80', '"300.1.1.1:80" (that is no host name or IP address)'],
    ['[]:80', '"[]:80" (that is no host name or IP address)'],
    ['[fe80::1%eth0]:80', '"[fe80::1%eth0]:80" (that is no host name or IP address)'],
    ['unix:run/x', '"unix:run/x" (the path of a socket must be absolute)'],
    [`unix:/${'x'.repeat(107)}`, `"unix:/${'x'.repeat(54)}…" (the path of a socket has at most 107 bytes)`]
  ] as const) t.match(reason(parseListen(input)), words)
})

void t.test('node addresses', async t => {
  for (const [text, target, id] of [
    ['10.0.0.1:8080', { host: '10.0.0.1', port: 8080 }, '10.0.0.1:8080'],
    ['Runner_1.fn.svc:8080', { host: 'runner_1.fn.svc', port: 8080 }, 'runner_1.fn.svc:8080'],
    ['[FD00::0:1]:80', { host: 'fd00::1', port: 80 }, '[fd00::1]:80']
  ] as const) {
    t.same(parseNodeAddress(text), { ok: true, value: target })
    t.equal(formatHostPort(target), id)
  }
  for (const [input, words] of [
    ['10.0.0.1', '"10.0.0.1" (the port is missing)'],
    [':8080', '":8080" (the host is missing)'],
    ['a:0', '"a:0" (a port is 1 to 65535)'],
    ['a:65536', '"a:65536" (a port is 1 to 65535)'],
    ['a b:80', '"a b:80" (that is no host name or IP address)'],
    ['127.1:80', '"127.1:80" (that is no host name or IP address)'],
    [`${'a'.repeat(64)}:80`, /that is no host name/],
    [[1], 'a list (quote an IPv6 address: "[::1]:8080")'],
    [7, 'the number 7']
  ] as const) t.match(reason(parseNodeAddress(input)), words)
})

void t.test('networks', async t => {
  for (const [text, network] of [['10.0.0.0/8', '10.0.0.0/8'], ['10.1.2.3', '10.1.2.3/32'], ['FD00::/8', 'fd00::/8'],
    ['::1', '::1/128'], ['0.0.0.0/0', '0.0.0.0/0']] as const) {
    t.same(parseNetwork(text), { ok: true, value: network })
  }
  t.equal(reason(parseNetwork('10.0.0.0/33')), '"10.0.0.0/33" (an IPv4 prefix is at most /32)')
  for (const text of ['10.0.0/8', 'example.com', '10.0.0.0/', '10.0.0.0/8/8', 'fe80::1%eth0', '', '/8']) {
    t.notOk(parseNetwork(text).ok, text)
  }
})

void t.test('only addresses that other machines can not reach are loopback', async t => {
  const loopback = (text: string): boolean => {
    const result = parseListen(text)
    return result.ok && isLoopback(result.value)
  }
  for (const text of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1', 'unix:/x']) t.ok(loopback(text), text)
  for (const text of [':1', '0.0.0.0:1', '10.0.0.1:1', '[::]:1', '127.example.com:1']) t.notOk(loopback(text), text)
})
