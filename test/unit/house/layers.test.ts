/**
 * The house keeps its shape: imports point down only, and the pure rooms know neither sockets nor clocks nor chance.
 */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ROOT } from '../../support/root.ts'

/** From the top down; a room may import from its own line and from every line below. */
const LAYERS = [
  ['cli'],
  ['daemon.ts', 'daemon'],
  ['admin'],
  ['control'],
  ['discovery'],
  ['proxy'],
  ['agent', 'simulate', 'demo'],
  ['metrics'],
  ['config', 'log.ts', 'memory.ts', 'log-writer.ts', 'errors.ts', 'version.ts', 'types'],
  ['core'],
  ['http'],
  ['tables']
]
const PURE = new Set(['core', 'http', 'tables'])
/** Rooms that stand alone: the demo runner is what fnlb balances, not a part of it. */
const FORBIDDEN_IN_PURE = [
  /\bDate\.now\b/, /\bnew Date\(\)/, /\bMath\.random\b/, /\bperformance\.now\b/, /\bprocess\./, /\bset(?:Timeout|Interval|Immediate)\b/,
  /from 'node:(?:net|tls|http|https|http2|dgram|fs|os|child_process|worker_threads|timers|perf_hooks|process|cluster)/,
  /from 'undici'/
]

function filesUnder (directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
}

const lib = path.join(ROOT, 'lib')
const files = filesUnder(lib)

function roomOf (file: string): string {
  return path.relative(lib, file).split(path.sep)[0]!
}

function levelOf (room: string): number {
  return LAYERS.findIndex((rooms) => rooms.includes(room))
}

function importsOf (text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!)
}

void t.test('every room of lib has a place in the order', async (t) => {
  t.ok(files.length > 20, `only ${files.length} files found: is this the source tree?`)
  const homeless = [...new Set(files.map(roomOf))].filter((room) => levelOf(room) < 0)
  t.strictSame(homeless, [])
})

void t.test('imports point down only', async (t) => {
  const upward: string[] = []
  for (const file of files) {
    for (const specifier of importsOf(readFileSync(file, 'utf8'))) {
      const target = path.resolve(path.dirname(file), specifier)
      if (!target.startsWith(lib + path.sep)) upward.push(`${path.relative(ROOT, file)} leaves lib: ${specifier}`)
      else if (levelOf(roomOf(target)) < levelOf(roomOf(file))) upward.push(`${path.relative(ROOT, file)} imports ${specifier}`)
    }
  }
  t.strictSame(upward, [])
})

void t.test('the pure rooms have no sockets, timers, clocks or chance of their own', async (t) => {
  const found: string[] = []
  for (const file of files) {
    if (!PURE.has(roomOf(file))) continue
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    for (const forbidden of FORBIDDEN_IN_PURE) {
      if (forbidden.test(code)) found.push(`${path.relative(ROOT, file)}: ${forbidden}`)
    }
  }
  t.strictSame(found, [])
})

void t.test('no file has outgrown its room', async (t) => {
  const long = files
    .map((file) => ({ file: path.relative(ROOT, file), lines: readFileSync(file, 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 401)
  t.strictSame(long, [])
})
