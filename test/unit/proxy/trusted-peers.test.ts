import t from 'tap'
import { TrustedPeers } from '../../../lib/proxy/trusted-peers.ts'

void t.test('no networks: nobody is trusted', async t => {
  t.equal(new TrustedPeers([]).has('127.0.0.1'), false)
})

void t.test('networks and addresses', async t => {
  const peers = new TrustedPeers(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '2001:db8::1'])
  for (const address of ['10.255.0.1', '192.0.2.7', 'fd12::1', '2001:db8::1', '2001:DB8:0::1']) {
    t.equal(peers.has(address), true, address)
    t.equal(peers.has(address), true, 'and again, from the cache')
  }
  for (const address of ['11.0.0.1', '192.0.2.8', 'fe80::1', '2001:db8::2', '::1']) {
    t.equal(peers.has(address), false, address)
    t.equal(peers.has(address), false, 'and again, from the cache')
  }
})

void t.test('IPv4 and its IPv6-mapped form are one address', async t => {
  for (const cidr of ['10.0.0.0/8', '::ffff:10.0.0.0/104', '::FFFF:10.0.0.0/104']) {
    const peers = new TrustedPeers([cidr])
    t.equal(peers.has('10.1.2.3'), true, cidr)
    t.equal(peers.has('::ffff:10.1.2.3'), true, cidr)
    t.equal(peers.has('::ffff:a01:203'), true, cidr)
    t.equal(peers.has('::ffff:11.1.2.3'), false, cidr)
    t.equal(peers.has('10::1'), false, cidr)
  }
  t.equal(new TrustedPeers(['::ffff:192.0.2.1']).has('192.0.2.1'), true)
})

void t.test('a zone does not matter', async t => {
  t.equal(new TrustedPeers(['fe80::/10']).has('fe80::1%eth0'), true)
})

void t.test('everybody, of one family', async t => {
  t.equal(new TrustedPeers(['0.0.0.0/0']).has('203.0.113.9'), true)
  t.equal(new TrustedPeers(['0.0.0.0/0']).has('2001:db8::1'), false)
  t.equal(new TrustedPeers(['::/0']).has('2001:db8::1'), true)
})

void t.test('a prefix shorter than the mapped part stays an IPv6 network', async t => {
  const peers = new TrustedPeers(['::ffff:0.0.0.0/32'])
  t.equal(peers.has('::1'), true)
  t.equal(peers.has('2001:db8::1'), false)
})

void t.test('what is no address is not trusted', async t => {
  const peers = new TrustedPeers(['0.0.0.0/0', '::/0'])
  for (const address of ['', '/run/x.sock', 'localhost', '1.2.3', '10.0.0.1:80']) {
    t.equal(peers.has(address), false, address)
  }
})

void t.test('the cache is bounded and stays right', async t => {
  const peers = new TrustedPeers(['10.0.0.0/16'])
  let wrong = 0
  for (let round = 0; round < 2; round++) {
    for (let host = 0; host < 6000; host++) {
      const tail = `${host >> 8}.${host & 255}`
      if (!peers.has(`10.0.${tail}`) || peers.has(`10.1.${tail}`)) wrong++
    }
  }
  t.equal(wrong, 0)
})

void t.test('a bad entry is named, with what to write', async t => {
  for (const cidr of [
    '', 'localhost', '10.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8',
    '10.0.0.0/8 ', '10.0.0.0/1e1', '010.0.0.0/8', '[::1]/128', 'fe80::1%eth0/64', '/8'
  ]) {
    t.throws(() => new TrustedPeers(['127.0.0.1', cidr]), {
      name: 'RangeError',
      message: `"${cidr}" is not a network`
    }, cidr)
  }
  t.throws(() => new TrustedPeers(['10.0.0.0/33']), { message: /from 0 to 32\. Write .*10\.0\.0\.0\/8/ })
})
