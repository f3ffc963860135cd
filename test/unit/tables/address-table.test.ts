import t from 'tap'
import { AddressTable } from '../../../lib/tables/address-table.ts'

function table (threads: number, seed = 1): AddressTable {
  return new AddressTable(new SharedArrayBuffer(AddressTable.bytes(threads)), threads, seed)
}

void t.test('connections are summed over the threads', async t => {
  const addresses = table(3)
  addresses.add(0, '192.0.2.1', 1)
  addresses.add(2, '192.0.2.1', 1)
  addresses.add(2, '2001:db8::1', 1)
  t.equal(addresses.count('192.0.2.1'), 2)
  t.equal(addresses.count('2001:db8::1'), 1)
  t.equal(addresses.count('192.0.2.2'), 0)
  addresses.add(2, '192.0.2.1', -1)
  t.equal(addresses.count('192.0.2.1'), 1)
})

void t.test('an IPv4 client is one, whichever listener it came through', async t => {
  const addresses = table(1)
  addresses.add(0, '::ffff:192.0.2.1', 1)
  addresses.add(0, '192.0.2.1', 1)
  t.equal(addresses.count('192.0.2.1'), 2)
  t.equal(addresses.count('::ffff:192.0.2.1'), 2)
})

void t.test('a dead thread takes its connections with it, and no others', async t => {
  const addresses = table(2)
  addresses.add(0, '192.0.2.1', 1)
  addresses.add(1, '192.0.2.1', 1)
  addresses.clearThread(0)
  t.equal(addresses.count('192.0.2.1'), 1)
  addresses.clearThread(1)
  t.equal(addresses.count('192.0.2.1'), 0)
  addresses.add(0, '192.0.2.1', 1)
  t.equal(addresses.count('192.0.2.1'), 1, 'the seed is still the same')
})

void t.test('another thread opens the same table', async t => {
  const buffer = new SharedArrayBuffer(AddressTable.bytes(2))
  const control = new AddressTable(buffer, 2, 0x9e3779b9)
  const data = new AddressTable(buffer, 2)
  data.add(1, '192.0.2.1', 1)
  t.equal(control.count('192.0.2.1'), 1)
})

void t.test('the seed decides who shares cells with whom', async t => {
  // With 3000 others in one seed's table some address meets another in both halves; not the same one for each seed.
  const clashing = (seed: number): string => {
    const addresses = table(1, seed)
    for (let other = 0; other < 3000; other++) addresses.add(0, `10.0.${other >> 8}.${other & 255}`, 1)
    const found: string[] = []
    for (let host = 0; host < 5000; host++) {
      const address = `10.1.${host >> 8}.${host & 255}`
      if (addresses.count(address) > 0) found.push(address)
    }
    return found.join()
  }
  t.not(clashing(1), clashing(2))
})

void t.test('many clients: estimates stay near the truth', async t => {
  const addresses = table(1, 7)
  for (let host = 0; host < 4000; host++) addresses.add(0, `10.${host & 15}.${host >> 8}.${host & 255}`, 1)
  let over = 0
  let under = 0
  for (let host = 0; host < 4000; host++) {
    const count = addresses.count(`10.${host & 15}.${host >> 8}.${host & 255}`)
    if (count > 2) over++
    if (count < 1) under++
  }
  t.equal(under, 0)
  // A cell holds 0.49 others on average: both of an address's cells hold two or more with probability 0.7 %.
  t.ok(over < 4000 * 0.03, `${over} addresses estimated at more than twice the truth`)
})

void t.test('memory of another shape is refused', async t => {
  t.throws(() => new AddressTable(new SharedArrayBuffer(8), 1), { name: 'RangeError', message: /another shape/ })
})
