/** Each error code ends the process with one of the documented exit codes. */
import t from 'tap'
import { EXIT, EXIT_CODE_HELP } from '../../lib/cli/exit-codes.ts'
import { ERROR_CODES, FnlbError, exitCodeOf } from '../../lib/errors.ts'

void t.test('exit codes', async t => {
  const documented: number[] = Object.values(EXIT)
  for (const code of ERROR_CODES) t.ok(documented.includes(exitCodeOf(code)), code)
  t.equal(new Set(documented).size, documented.length, 'no code has two meanings')
  for (const code of documented) t.match(EXIT_CODE_HELP, new RegExp(`\\b${code}\\b`))
})

void t.test('an error keeps its hint and cause', async t => {
  const cause = new Error('below')
  const error = new FnlbError('FNLB_USAGE', 'wrong', { hint: 'do it right', cause })
  t.match(error, { name: 'FnlbError', code: 'FNLB_USAGE', exitCode: 2, hint: 'do it right', message: 'wrong' })
  t.equal(error.cause, cause)
  t.notOk('cause' in new FnlbError('FNLB_USAGE', 'wrong'))
})
