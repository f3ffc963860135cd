import fc from 'fast-check'
import t from 'tap'
import { POLICY_NAMES } from '../../lib/core/placement/registry.ts'
import { policySuite } from './policies.ts'

fc.configureGlobal({ seed: Number(process.env['FNLB_SEED'] ?? 2) })

for (const name of POLICY_NAMES) void t.test(name, async t => await policySuite(t, name))
