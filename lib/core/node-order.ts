/**
 * The one order of node ids: by their UTF-8 bytes. Ring owners, `PoolView.nodes` and everything that is indexed by node
 * follow it, so it must not depend on locale, on the order of configuration, or on the engine's default sort (which
 * compares UTF-16 units and differs from byte order beyond U+FFFF).
 */

/** Below, at or above zero, as `a` sorts before, with or after `b` in the byte order of UTF-8. */
export function compareIds (a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at)
    const y = b.charCodeAt(at)
    if (x !== y) return utf8Order(x) - utf8Order(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above U+FFFF, so they sort behind the units U+E000 to U+FFFF. */
function utf8Order (unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}
