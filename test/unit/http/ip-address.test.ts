import t from 'tap'
import { isIpv4Address, isIpv6Address } from '../../../lib/http/ip-address.ts'

void t.test('IPv4: four octets in decimal', async t => {
  for (const good of ['0.0.0.0', '255.255.255.255', '10.42.3.5']) t.equal(isIpv4Address(good), true, good)
  for (const bad of [
    '', '1', '1.2.3', '1.2.3.', '1.2.3.4.', '1.2.3.4.5', '256.1.1.1', '1.2.3.999', '01.2.3.4', '1.2.3.00', '.1.2.3',
    '1..2.3', '1.2.3.4 ', '0x1.2.3.4', '1.2.3.1234', '1,2.3.4'
  ]) t.equal(isIpv4Address(bad), false, bad)
})

void t.test('IPv6: groups, one compression, IPv4 tail', async t => {
  for (const good of [
    '::', '::1', '1::', '1:2:3:4:5:6:7:8', '2001:db8::1', '::2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '1:2:3:4:5:6:1.2.3.4',
    '::1.2.3.4', '::ffff:10.0.0.1', '1:2:3:4:5::1.2.3.4', 'ABCD::ef01', '0001::'
  ]) t.equal(isIpv6Address(good), true, good)
  for (const bad of [
    '', ':', ':::', '1', '1:', ':1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8',
    '1::2::3', '::1::', '12345::', 'g::', '::1.2.3', '::256.1.1.1', '1:2:3:4:5:6:7:1.2.3.4', '1:2:3:4:5:6::1.2.3.4',
    '1.2.3.4', '::1.2.3.4:5', 'fe80::1%eth0', '1:2:3:4:5:6:7:', '1:2:3:4:5:6:7:8:', '1 ::'
  ]) t.equal(isIpv6Address(bad), false, bad)
})

void t.test('a range of a longer text', async t => {
  t.equal(isIpv6Address('[::1]', 1, 4), true)
  t.equal(isIpv6Address('[::]', 1, 3), true)
  t.equal(isIpv6Address('[:]:', 1, 2), false, 'what follows the range is not part of it')
  t.equal(isIpv6Address('[:::]', 1, 2), false)
  t.equal(isIpv6Address('[]', 1, 1), false)
  t.equal(isIpv4Address('for 10.0.0.1.', 4, 12), true)
})
