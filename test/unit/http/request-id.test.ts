import t from 'tap'
import { isValidRequestId, RequestIds } from '../../../lib/http/request-id.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const NOW = 0x0193_4c2a_7b10

function seed (byte: number): Uint8Array {
  return new Uint8Array(10).fill(byte)
}

void t.test('the shape of a UUIDv7, with its time', async t => {
  const id = new RequestIds(seed(1)).next(NOW)
  t.match(id, UUID_V7)
  t.ok(id.startsWith('01934c2a-7b10-7000-'), id)
})

void t.test('strictly ascending within a millisecond, also when the counter is used up', async t => {
  const ids = new RequestIds(seed(2))
  let last = ids.next(NOW)
  const unordered: string[] = []
  for (let count = 1; count < 3 * 4096; count++) {
    const id = ids.next(NOW + (count % 4) / 4)
    if (id <= last || !UUID_V7.test(id)) unordered.push(id)
    last = id
  }
  t.same(unordered, [])
  t.ok(last.startsWith('01934c2a-7b12-7fff-'), 'the time stamp ran ahead by two milliseconds')
})

void t.test('a clock that steps back does not take the ids back', async t => {
  const ids = new RequestIds(seed(3))
  const before = ids.next(NOW)
  const after = ids.next(NOW - 60_000)
  t.ok(after > before)
  t.ok(ids.next(NOW + 1) > after)
})

void t.test('another seed makes other ids; the same seed the same', async t => {
  t.equal(new RequestIds(seed(4)).next(NOW), new RequestIds(seed(4)).next(NOW))
  const tails = new Set<string>()
  for (let at = 0; at < 10; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const random = seed(4)
      random[at]! ^= 1 << bit
      tails.add(new RequestIds(random).next(NOW).slice(19))
    }
  }
  t.equal(tails.size, 80, 'each bit of the seed counts')
  t.match(new RequestIds(new Uint8Array(64)).next(NOW), UUID_V7, 'longer seeds are taken, all zero ones too')
})

void t.test('the random bits are even', async t => {
  const ids = new RequestIds(seed(5))
  const ones = new Array<number>(64).fill(0)
  const rounds = 4000
  for (let count = 0; count < rounds; count++) {
    let tail = BigInt('0x' + ids.next(NOW + count).slice(19).replace('-', ''))
    for (let bit = 0; bit < 64; bit++, tail >>= 1n) ones[bit]! += Number(tail & 1n)
  }
  t.same(ones.slice(62), [0, rounds], 'the variant')
  // Six standard deviations of a fair coin.
  for (const count of ones.slice(0, 62)) t.ok(Math.abs(count - rounds / 2) < 3 * Math.sqrt(rounds), String(count))
})

void t.test('times that are none still give ids', async t => {
  for (const time of [NaN, -5, 0, Infinity, 2 ** 60]) t.match(new RequestIds(seed(6)).next(time), UUID_V7, String(time))
})

void t.test('a seed that is too short is refused', async t => {
  t.throws(() => new RequestIds(new Uint8Array(9)), { name: 'RangeError', message: /at least 10 random bytes/ })
})

void t.test('ids that a client may choose', async t => {
  for (const good of ['a', 'x'.repeat(128), '0193-aB._~:/+=@', new RequestIds(seed(7)).next(NOW)]) {
    t.equal(isValidRequestId(good), true, good)
  }
  for (const bad of ['', 'x'.repeat(129), 'a b', 'a\r\nb', 'a"b', 'a,b', 'é', 'a\0', 'a;b', '<a>', 'a\u0161']) {
    t.equal(isValidRequestId(bad), false, JSON.stringify(bad))
  }
})
