/** Everyone who takes part, in the order of the tables. */
import type { Contender } from '../contender.ts'
import { fnlb } from './fnlb.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { nodeRivals } from './node-rivals.ts'

export const contenders: readonly Contender[] = [nginx, haproxy, fnlb, ...nodeRivals]
