import t from 'tap'
import { forwardedElement, forwardedNode } from '../../../lib/http/forwarded.ts'

void t.test('node identifiers', async t => {
  t.equal(forwardedNode('192.0.2.1'), '192.0.2.1')
  t.equal(forwardedNode('2001:db8::1'), '"[2001:db8::1]"')
  t.equal(forwardedNode('::ffff:192.0.2.1'), '192.0.2.1', 'a mapped address is the IPv4 address')
  t.equal(forwardedNode('::ffff:c000:201'), '"[::ffff:c000:201]"')
  t.equal(forwardedNode('fe80::1%eth0'), '"[fe80::1]"')
})

void t.test('what is no address is unknown', async t => {
  for (const address of ['', '/run/fnlb.sock', 'example.com', '1.2.3', '::1"', '"', '%eth0', '1.2.3.4;proto=https']) {
    t.equal(forwardedNode(address), 'unknown', address)
  }
})

void t.test('elements', async t => {
  t.equal(forwardedElement('192.0.2.1', 'http', 'fn.example'), 'for=192.0.2.1;host=fn.example;proto=http')
  t.equal(forwardedElement('192.0.2.1', 'https', 'fn.example:8080'), 'for=192.0.2.1;host="fn.example:8080";proto=https')
  t.equal(forwardedElement('2001:db8::1', 'https', '[::1]:80'), 'for="[2001:db8::1]";host="[::1]:80";proto=https')
  t.equal(forwardedElement('', 'http', ''), 'for=unknown;proto=http')
})

void t.test('a host can not leave its quotes', async t => {
  t.equal(forwardedElement('1.1.1.1', 'http', 'a";for=evil'), 'for=1.1.1.1;host="a\\";for=evil";proto=http')
  t.equal(forwardedElement('1.1.1.1', 'http', 'a\\'), 'for=1.1.1.1;host="a\\\\";proto=http')
  t.equal(forwardedElement('1.1.1.1', 'http', 'a b'), 'for=1.1.1.1;host="a b";proto=http')
  for (const host of ['a\r\nb: c', 'a\0', 'a\x7f', 'é', 'a\u0141']) {
    t.equal(forwardedElement('1.1.1.1', 'http', host), 'for=1.1.1.1;proto=http', JSON.stringify(host))
  }
})
