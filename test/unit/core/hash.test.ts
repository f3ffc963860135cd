import t from 'tap'
import { fmix32, hashKey, murmur3 } from '../../../lib/core/hash.ts'

/** The same algorithm written the slow way, over bytes. */
function reference (bytes: Uint8Array, seed: number): number {
  const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by))
  const scramble = (k: number) => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const blocks = bytes.length >> 2
  let h = seed
  for (let block = 0; block < blocks; block++) {
    h = (Math.imul(rotate(h ^ scramble(view.getUint32(block * 4, true)), 13), 5) + 0xe6546b64) | 0
  }
  let k = 0
  for (let at = bytes.length - 1; at >= blocks * 4; at--) k = (k << 8) | bytes[at]!
  return fmix32(h ^ scramble(k) ^ bytes.length)
}

void t.test('equals a byte-wise reference on text of any kind and length', async t => {
  const texts = [
    'ascii only, of every length up to forty.', 'äöü and ascii mixed, later on', 'abcä', 'abcdä', 'a€b', '🦀🦀🦀x',
    'x'.repeat(1000)
  ]
  const different: string[] = []
  for (const text of texts) {
    for (let length = 0; length <= Math.min(40, text.length); length++) {
      const part = text.slice(0, length)
      // Half a pair has no UTF-8 to compare with.
      if (/[\ud800-\udbff]$/.test(part)) continue
      for (const seed of [0, 1, 0x9747b28c]) {
        if (murmur3(part, seed) !== reference(Buffer.from(part), seed)) different.push(part)
      }
    }
  }
  t.strictSame(different, [])
})

void t.test('different strings are different bytes, also when they are not well formed', async t => {
  const texts = ['\ud800', '\udc00', '\ufffd', '\ud800x', 'x\ud800', '\udc00\ud800', '\u{10000}']
  t.equal(new Set(texts.map(text => murmur3(text))).size, texts.length)
})

void t.test('results are unsigned 32-bit numbers', async t => {
  for (let index = 0; index < 1000; index++) {
    const hash = hashKey(`fn/${index}`)
    if (hash !== hash >>> 0) t.fail(`${hash} is not an unsigned 32-bit number`)
  }
  t.equal(fmix32(0), 0)
})
