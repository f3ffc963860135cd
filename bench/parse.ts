/**
 * Cost of reading one request head: a bare one of 60 bytes, a browser's of 500, and one of 2 KiB. The heads lie in a
 * large buffer, as in the one that sockets read into. Beside each stands the same head with what the data path does
 * next: taking the target apart and copying the fields that stay. Run: node dist/bench/parse.js
 */
import { KIND_COUNT, kindOf } from '../lib/http/field-names.ts'
import type { KnownName } from '../lib/http/field-names.ts'
import { RequestHead } from '../lib/http/request-head.ts'
import { parseRequestTarget } from '../lib/http/request-target.ts'

const ROUNDS = 15
const ROUND_MS = 100
/** Heads between two looks at the clock. */
const STRIDE = 256

const DROPPED: readonly KnownName[] = ['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade', 'x-request-id', 'x-forwarded-for']
const drop = new Uint8Array(KIND_COUNT)
for (const name of DROPPED) drop[kindOf(name)] = 1

const BROWSER = [
  'Host: fn.example.com', 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br, zstd', 'Referer: https://fn.example.com/t/app/', 'Connection: keep-alive',
  'Upgrade-Insecure-Requests: 1', 'Sec-Fetch-Dest: document', 'Sec-Fetch-Mode: navigate', 'Priority: u=0, i'
]

/** A head of exactly `size` bytes: the lines, and a cookie that fills up. */
function headOf (size: number, path: string, lines: readonly string[], filler = ''): string {
  const text = [`GET ${path} HTTP/1.1`, ...lines, ...(filler === '' ? [] : [filler]), '', ''].join('\r\n')
  const missing = size - text.length
  if (missing < 0 || (missing > 0 && filler === '')) throw new Error(`the head is ${text.length} bytes long, not ${size}`)
  return filler === '' ? text : text.slice(0, -4) + 'x'.repeat(missing) + '\r\n\r\n'
}

const HEADS = [
  headOf(60, '/invoke/01D3Z7K4N2NG8G00GZJ0000001', ['Host: h']),
  headOf(500, '/t/app/some/function?id=1', BROWSER, 'Cookie: s='),
  headOf(2048, '/t/app/some/function?id=1', [...BROWSER, 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ...Array.from({ length: 16 }, (_, i) => `X-Tenant-Attribute-${i}: value-${i}-of-some-length`)], 'Cookie: s=')
]

const limits = { maxHeadBytes: 16 * 1024, maxFields: 100, maxTargetBytes: 8 * 1024 }
const head = new RequestHead(limits)
/** What comes out is added up, so that no work can be optimised away. */
let sum = 0

function parse (bytes: Buffer, start: number, end: number): void {
  sum += head.parse(bytes, start, end)
}

function parseAndCopy (bytes: Buffer, start: number, end: number): void {
  sum += head.parse(bytes, start, end)
  const target = parseRequestTarget(head.method, head.target)
  sum += head.keep(head.lineStart, drop).length + (target === null ? 0 : target.path.length)
}

/** Nanoseconds a head, one value a round, in ascending order. */
function measure (text: string, work: typeof parse): number[] {
  const start = 100
  const bytes = Buffer.alloc(64 * 1024)
  bytes.write(text, start, 'latin1')
  const end = start + text.length
  if (head.parse(bytes, start, end) !== end) throw new Error('the head is not valid')
  const rounds: number[] = []
  for (let round = -3; round < ROUNDS; round++) {
    const from = performance.now()
    let count = 0
    let elapsed = 0
    do {
      for (let i = 0; i < STRIDE; i++) work(bytes, start, end)
      count += STRIDE
      elapsed = performance.now() - from
    } while (elapsed < ROUND_MS)
    if (round >= 0) rounds.push(elapsed * 1e6 / count)
  }
  return rounds.sort((a, b) => a - b)
}

process.stdout.write(`Node ${process.version}, ns a head: min / median / max of ${ROUNDS} rounds\n`)
for (const text of HEADS) {
  const row = [parse, parseAndCopy].map((work) => {
    const rounds = measure(text, work)
    return `${work.name} ${[rounds[0]!, rounds[ROUNDS >> 1]!, rounds.at(-1)!].map((ns) => ns.toFixed(0)).join(' / ')}`
  })
  const fields = text.split('\r\n').length - 3
  process.stdout.write(`${String(text.length).padStart(5)} bytes, ${String(fields).padStart(2)} fields: ${row.join('; ')}\n`)
}
if (sum === 0) throw new Error('nothing was read')
