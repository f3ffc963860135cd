/** Which versions of Node.js run fnlb, silently or with which warning. */
import t from 'tap'
import { judgeNodeVersion } from '../../../lib/cli/node-version.ts'

void t.test('supported', async t => {
  for (const version of ['22.23.2', '22.24.0', '24.18.1', '24.30.0', '26.5.1', '26.10.0', '27.0.0', '28.1.0',
    '26.6.0-nightly2026']) t.same(judgeNodeVersion(version), { verdict: 'supported' }, version)
})

void t.test('too old', async t => {
  for (const version of ['20.18.9', '18.20.8', '16.0.0', '0.12.1', 'nonsense', '']) {
    t.same(judgeNodeVersion(version), {
      verdict: 'unsupported',
      message: `Node.js ${version} is too old; fnlb needs at least 20.19`,
      hint: 'install Node.js 22.23.2, 24.18.1 or 26.5.1 (or later in these lines)'
    })
  }
})

void t.test('runs, and names the holes that are open', async t => {
  const open = (version: string): string[] => {
    const judged = judgeNodeVersion(version)
    if (judged.verdict !== 'outdated') throw new Error(`${version} is ${judged.verdict}`)
    t.match(judged.warning, `WARNING: Node.js ${version} has known, unfixed security holes: `)
    t.match(judged.hint, '22.23.2, 24.18.1 or 26.5.1')
    return judged.warning.match(/CVE-\d+-\d+/g) ?? []
  }
  t.same(open('26.5.0'), ['CVE-2026-58044'])
  t.same(open('26.3.0'), ['CVE-2026-58044', 'CVE-2026-48931'])
  t.same(open('24.18.0'), ['CVE-2026-58044'])
  t.same(open('24.14.0'), ['CVE-2026-58044', 'CVE-2026-48931', 'CVE-2026-21717', 'CVE-2026-21637', 'CVE-2026-21710'])
  t.same(open('22.23.1'), ['CVE-2026-58044'])
  t.same(open('20.20.2'), ['CVE-2026-58044', 'CVE-2026-48931'], 'past its end of life: never fixed there')
  t.same(open('20.19.0'), ['CVE-2026-58044', 'CVE-2026-48931', 'CVE-2026-21717', 'CVE-2026-21637', 'CVE-2026-21710',
    'CVE-2025-23167'])
  t.ok(open('25.9.0').includes('CVE-2026-58044'), 'a line between')
})
