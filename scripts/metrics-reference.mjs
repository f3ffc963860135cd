// Writes docs/metrics.md from the catalogue; part of `npm run schema`. A test fails while the file is stale.
import { writeFileSync } from 'node:fs'
import * as reference from '../dist/lib/metrics/reference.js'

writeFileSync(new URL('../docs/metrics.md', import.meta.url), reference.renderReference())
