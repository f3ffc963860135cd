/** Quantities are parsed strictly, and each refusal says how to write it. */
import fc from 'fast-check'
import t from 'tap'
import {
  DURATION_PATTERN, PERCENT_PATTERN, SIZE_PATTERN, formatDuration, formatSize, parseDuration, parsePercent, parseSize
} from '../../../lib/config/units.ts'

function value (result: { ok: boolean, value?: unknown, reason?: string }): unknown {
  return result.ok ? result.value : result.reason
}

void t.test('durations', async t => {
  for (const [text, ms] of [['250ms', 250], ['5s', 5000], ['2m', 120_000], ['1h', 3_600_000], ['0', 0], ['0s', 0],
    [0, 0], ['007s', 7000]] as const) t.equal(value(parseDuration(text)), ms, String(text))
  const expected = 'expected a duration like "250ms", "5s", "2m" or "1h", got '
  for (const [input, rest] of [
    [30, 'the number 30 (add a unit)'],
    ['30', '"30" (add a unit)'],
    ['30sec', '"30sec" (did you mean "30s"?)'],
    ['5M', '"5M" (did you mean "5m"?)'],
    ['1d', '"1d" ("d" is no unit)'],
    ['1constructor', '"1constructor" ("constructor" is no unit)'],
    ['5 s', '"5 s"'], ['-5s', '"-5s"'], ['1.5s', '"1.5s"'], ['1m30s', '"1m30s"'], ['', '""'], ['s', '"s"'],
    ['9007199254740993ms', '"9007199254740993ms" (too large)'],
    [null, 'nothing'], [undefined, 'nothing'], [[], 'a list'], [{}, 'a mapping'], [true, 'true'],
    ['x'.repeat(80), `"${'x'.repeat(60)}…"`]
  ] as const) t.equal(value(parseDuration(input)), expected + rest)
})

void t.test('sizes', async t => {
  for (const [text, bytes] of [['512B', 512], ['16KiB', 16_384], ['8MiB', 8_388_608], ['2GiB', 2_147_483_648],
    ['1TiB', 1_099_511_627_776], [0, 0], ['0B', 0]] as const) t.equal(value(parseSize(text)), bytes, String(text))
  const expected = 'expected a size like "512B", "16KiB", "8MiB" or "2GiB", got '
  for (const [input, rest] of [
    [512, 'the number 512 (add a unit)'], ['16KB', '"16KB" (did you mean "16KiB"?)'],
    ['1M', '"1M" (did you mean "1MiB"?)'], ['1.5GiB', '"1.5GiB"'], ['9999999TiB', '"9999999TiB" (too large)']
  ] as const) t.equal(value(parseSize(input)), expected + rest)
})

void t.test('percentages', async t => {
  for (const [text, ratio] of [['1%', 0.01], ['0.5%', 0.005], ['100%', 1], ['0%', 0], [0, 0], ['0', 0]] as const) {
    t.equal(value(parsePercent(text)), ratio, String(text))
  }
  const expected = 'expected a percentage like "1%" or "0.5%", got '
  t.equal(value(parsePercent(20)), `${expected}the number 20 (write "20%")`)
  t.equal(value(parsePercent('20')), `${expected}"20"`)
  t.equal(value(parsePercent('-1%')), `${expected}"-1%"`)
  t.equal(value(parsePercent('101%')), 'expected at most "100%", got "101%"')
})

void t.test('what is formatted parses to the same number, and the editor pattern accepts it', async t => {
  const amounts = fc.oneof(fc.nat(), fc.nat(5000).map(n => n * 1000), fc.nat(100).map(n => n * 3_600_000),
    fc.nat(64).map(n => n * 1024 ** 3))
  t.doesNotThrow(() => fc.assert(fc.property(amounts, amount => {
    const duration = formatDuration(amount)
    const size = formatSize(amount)
    return value(parseDuration(duration)) === amount && new RegExp(DURATION_PATTERN).test(duration) &&
      value(parseSize(size)) === amount && new RegExp(SIZE_PATTERN).test(size)
  }), { seed: 1 }))
  t.equal(formatDuration(90_000), '90s')
  t.equal(formatDuration(0), '0s')
  t.equal(formatSize(0), '0B')
  t.equal(formatSize(65_536), '64KiB')
})

void t.test('the editor patterns and the parsers agree on any text', async t => {
  const letters = fc.string({ unit: fc.constantFrom(...'0123456789.%smhBKiMG -'), maxLength: 8 })
  t.doesNotThrow(() => fc.assert(fc.property(letters, text => {
    const agree = (pattern: string, result: { ok: boolean }): boolean => new RegExp(pattern).test(text) || !result.ok
    return agree(DURATION_PATTERN, parseDuration(text)) && agree(SIZE_PATTERN, parseSize(text)) &&
      agree(PERCENT_PATTERN, parsePercent(text))
  }), { seed: 2, numRuns: 2000 }))
})
