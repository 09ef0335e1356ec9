import { clusters, groups } from './shape-groups'
import { grants, users } from './shape-people'
import { preapprovals } from './shape-requests'
import { settings } from './shape-settings'
import type { Shape } from './shape'
import { accounts, targets } from './shape-targets'
import { tokens } from './shape-tokens'

export const shapes: Record<string, Shape> = { targets, accounts, groups, clusters, users, grants, preapprovals, settings, tokens }
