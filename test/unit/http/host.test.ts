import t from 'tap'
import { hostName, isValidHost } from '../../../lib/http/host.ts'

void t.test('valid hosts', async t => {
  for (const host of [
    'localhost', 'fn.example.com', 'fn.example.com.', 'fn.example.com:8080', 'fn.example.com:', 'h:0', 'h:65535',
    'h:00080', '10.0.0.1', '10.0.0.1:80', '999.1.1.1', '[::1]', '[::1]:8080', '[2001:db8::1]:', '[v1.fe80::a+b]',
    '[V1f.x]:80', 'a_b-c~d', 'x%20y', "a!$&'()*+,;=b", '%C3%A9'
  ]) t.equal(isValidHost(host), true, host)
})

void t.test('invalid hosts', async t => {
  for (const host of [
    '', ':', ':80', 'a b', ' a', 'a ', 'user@h', 'h/', 'h?', 'h#', 'h:65536', 'h:123456', 'h:8a', 'h:80:81', 'h:-1',
    'h:+1', 'h: 80', '::1', '[::1', '[::1]x', '[::1]]', '[]', '[::1%25eth0]', '[1.2.3.4]', '[v.x]', '[v1.]', '[v1]',
    '[v1.a/b]', '[vg.x]', '[x]', 'h%', 'h%2', 'h%zz', 'h%2g', 'é', 'h\r\nx: y', 'h\0', 'h\t', 'h"', 'h\\', '<h>',
    '[::1]:x', 'h\u0100', 'h%g2', '[v1./x]', 'h:000080', '%:80', '[:80'
  ]) t.equal(isValidHost(host), false, JSON.stringify(host))
})

void t.test('the name: no port, lower case, brackets kept', async t => {
  t.equal(hostName('Fn.Example.COM'), 'fn.example.com')
  t.equal(hostName('fn.example.com:8080'), 'fn.example.com')
  t.equal(hostName('fn.example.com:'), 'fn.example.com')
  t.equal(hostName('[2001:DB8::1]:443'), '[2001:db8::1]')
  t.equal(hostName('[::1]'), '[::1]')
  t.equal(hostName('H:1'), 'h')
  t.equal(hostName('[::1'), '[::1', 'never valid, and still no exception')
  t.equal(hostName(''), '')
})
