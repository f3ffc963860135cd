/**
 * YAML to plain values, keeping the position of each key and value for messages. YAML 1.2 core, one document, a mapping
 * at the root, no duplicate keys, no custom tags, and few aliases (the "billion laughs" attack).
 */
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, Node, Pair, Range } from 'yaml'
import type { Path } from './problem.ts'

export interface Position { readonly line: number, readonly column: number }

export interface YamlProblem extends Position { readonly message: string }

export interface YamlText {
  /** The root mapping; empty when the text is no YAML at all. */
  readonly value: Readonly<Record<string, unknown>>
  readonly problems: readonly YamlProblem[]
  /** `value` is what the text says, so that it makes sense to check it (there may be problems besides). */
  readonly isStructured: boolean
  /** The position of a value; of its key with `'key'`. Nothing when the file does not have it. */
  readonly locate: (path: Path, part: 'key' | 'value') => Position | undefined
}

const MAX_ALIASES = 100

export function parseYaml (text: string): YamlText {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true, stringKeys: true, version: '1.2'
  })
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const fail = (...problems: YamlProblem[]): YamlText =>
    ({ value: {}, problems, isStructured: problems.length === 0, locate: () => undefined })

  // Warnings are values that would not mean what they look like, such as one with an unknown tag.
  const faults = [...document.errors, ...document.warnings]
  const problems = faults.slice(0, MAX_FAULTS).map(fault => ({ ...at(fault.pos[0]), message: wordsOf(fault, text) }))
  if (faults.some(fault => !HARMLESS_TO_STRUCTURE.has(fault.code))) return fail(...problems)
  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return fail()
  if (!isMap(root)) {
    const offset = (root as Node).range?.[0] ?? 0
    return fail({ ...at(offset), message: 'expected a mapping with keys like "listen:" and "pools:" at the top' })
  }
  let value: Record<string, unknown>
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    return fail({ line: 1, column: 1, message: 'aliases (*name) expand to too much; write the values out' })
  }
  return {
    value,
    problems,
    isStructured: true,
    locate: (path, part) => {
      const offset = offsetOf(document, path, part)
      return offset === undefined ? undefined : at(offset)
    }
  }
}

/** Faults after which the rest of the file can still be checked. */
const HARMLESS_TO_STRUCTURE = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'])

/** One slip in the indentation can make a fault of each line that follows. */
const MAX_FAULTS = 20

interface Fault { readonly code: string, readonly message: string, readonly pos: readonly [number, number] }

function wordsOf (fault: Fault, text: string): string {
  switch (fault.code) {
    case 'DUPLICATE_KEY': return 'this key is given twice in the same mapping'
    case 'TAB_AS_INDENT': return 'a tab is used for indentation; YAML allows spaces only'
    case 'MULTIPLE_DOCS': return 'a second document ("---") in the same file; one is expected'
    case 'NON_STRING_KEY': return `a key must be a plain text${adviceFor(lineAround(text, fault.pos[0]))}`
    case 'TAG_RESOLVE_FAILED': return `the tag is not supported: ${firstLine(fault.message)}`
    default: return `not valid YAML: ${firstLine(fault.message)}${adviceFor(lineAround(text, fault.pos[0]))}`
  }
}

// To YAML a leading bracket opens a list.
function adviceFor (line: string): string {
  const address = /(?:^|[\s,[])(\[[0-9a-fA-F.]*:[0-9a-fA-F:.]*\]:[0-9]+)/.exec(line)
  return address === null ? '' : ` (quote the IPv6 address: "${address[1]!}")`
}

function lineAround (text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return text.slice(start, start + 500).split('\n', 1)[0]!
}

function firstLine (message: string): string {
  return message.split('\n', 1)[0]!
}

function offsetOf (document: Document.Parsed, path: Path, part: 'key' | 'value'): number | undefined {
  let node: unknown = document.contents
  let pair: Pair | undefined
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      // The last of two equal keys is the one whose value counts.
      pair = node.items.findLast(item => keyOf(item) === String(step))
      node = pair?.value
      if (pair === undefined) return undefined
    } else if (isSeq(node)) {
      pair = undefined
      node = node.items[Number(step)]
    } else {
      return undefined
    }
  }
  const place = (part === 'key' && pair !== undefined) || startOf(node) === undefined ? pair?.key : node
  return startOf(place)
}

function keyOf (pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key)
}

function startOf (node: unknown): number | undefined {
  return isNode(node) ? (node.range as Range | null | undefined)?.[0] : undefined
}
