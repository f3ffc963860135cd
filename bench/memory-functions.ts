/**
 * Bytes per known function (DESIGN §7: at most 400): the growth of heap and array buffers while the function table of a
 * thread fills with 50,000 functions, with the orders that `hot` keeps in a pool of 64 nodes, and the hot table. The second line feeds keys cut out of 8 KiB request heads, as the engine does; if a key kept its
 * head alive it would show. Run: node --expose-gc dist/bench/memory-functions.js
 */
import { FunctionTable } from '../lib/core/function-table.ts'
import { compileKeyRules } from '../lib/core/key-rules.ts'
import { buildRing } from '../lib/core/ring.ts'
import { HotTable } from '../lib/tables/hot-table.ts'

const FUNCTIONS = 50_000
const NODES = 64
const PADDING = 'x'.repeat(8000)
const collect = globalThis.gc
if (collect === undefined) throw new Error('run with --expose-gc')

const { image } = buildRing(Array.from({ length: NODES }, (_, index) => ({ id: `runner-${index}`, capacity: 16 })))
const { extract } = compileKeyRules([{ kind: 'fn' }])
const header = (): undefined => undefined

function fnId (index: number): string {
  return '01D3Z7K4N2NG8G00GZJ' + index.toString(36).toUpperCase().padStart(7, '0')
}

function used (): number {
  for (let round = 0; round < 4; round++) collect!()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

function measure (name: string, key: (index: number) => string): void {
  const table = new FunctionTable(image, FUNCTIONS)
  const before = used()
  const hot = HotTable.create(FUNCTIONS, NODES)
  for (let index = 0; index < FUNCTIONS; index++) {
    const entry = table.lookup(key(index))
    table.order(entry)
    hot.countSent(0, table.high(entry), table.low(entry), index % NODES, 1)
  }
  const bytes = (used() - before) / FUNCTIONS
  console.log(`${name.padEnd(44)} ${table.size} functions  ${bytes.toFixed(0)} bytes per function` +
    `, ${hot.pages.size} pages, ${hot.pages.evictions} evicted`)
}

measure('fn/<26 characters>', index => 'fn/' + fnId(index))
measure('the same, cut out of 8 KiB request heads', index => {
  const head = Buffer.from(`POST /invoke/${fnId(index)} HTTP/1.1\r\nx: ${PADDING}`, 'latin1').toString('latin1')
  return extract(head.slice(5, head.indexOf(' ', 5)), '', header)
})
measure('t/<app>/<source>, 60 characters', index =>
  `t/a-tenant-with-a-long-name-${String(index % 500).padStart(6, '0')}/function-${String(index).padStart(16, '0')}`)
