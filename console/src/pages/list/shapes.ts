import { accessPasswords } from './shape-access'
import { cloudUsers, clouds } from './shape-clouds'
import { templates } from './shape-credentials'
import { channels, notices } from './shape-channels'
import { clusters, groups } from './shape-groups'
import { grants, users } from './shape-people'
import { command_rules, secure_modes, sql_policies, sql_rules } from './shape-rules'
import { preapprovals } from './shape-requests'
import { passwords, rotation_policies, rotations } from './shape-rotation'
import { settings } from './shape-settings'
import type { AnyShape } from './shape'
import { accounts, targets } from './shape-targets'
import { tokens } from './shape-tokens'

export const shapes: Record<string, AnyShape> = {
	targets,
	accounts,
	templates,
	passwords,
	rotations,
	rotation_policies,
	groups,
	clusters,
	users,
	grants,
	preapprovals,
	secure_modes,
	command_rules,
	sql_rules,
	sql_policies,
	channels,
	notices,
	settings,
	tokens,
	access_passwords: accessPasswords,
	clouds,
	cloud_users: cloudUsers,
}
