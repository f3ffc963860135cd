import { readFileSync } from 'node:fs'
import t from 'tap'
import { murmur3 } from '../../../lib/core/hash.ts'
import { ringVectors } from '../../golden/ring-vectors.ts'

function golden (name: string) {
  return JSON.parse(readFileSync(new URL(`../../../../test/golden/${name}`, import.meta.url), 'utf8'))
}

void t.test('MurmurHash3 gives the published vectors', async t => {
  for (const [text, seed, expected] of golden('hash.json').vectors) {
    t.equal(murmur3(text, seed).toString(16).padStart(8, '0'), expected, `${JSON.stringify(text)} with seed ${seed}`)
  }
})

void t.test('keys, points, preference lists and digests are those of the last release', async t => {
  t.strictSame(ringVectors(), golden('ring.json'))
})
