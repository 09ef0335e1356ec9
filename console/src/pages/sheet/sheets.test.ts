import { expect, test } from 'vitest'
import { parse, write } from '@/csv'
import type { Row } from '@/pages/list/shape'
import { plansOf, tableOf, Wrong, type Around } from './sheet'
import { sheets } from './sheets'

const around: Around = { targets: new Set(['web01']), selfFilling: new Set(['rest']) }
const plans = (what: string, text: string, rows: Row[] = []) => plansOf(sheets[what]!, parse(text), rows, around)
const states = (what: string, text: string, rows: Row[] = []) => plans(what, text, rows).map((plan) => plan.state)
const alice: Row = { id: 1, version: 4, name: 'alice', role: 'engineer', lang: 'zh', state: 'active', password: true, created: '' }
const web01: Row = { id: 2, version: 3, name: 'web01', kind: 'linux', address: '10.0.0.1:22', cluster: 'lab', charset: 'utf-8', legacy: false, groups: ['web', 'rest'], accounts: [{ name: 'root' }], pinned: true }
const grant: Row = { id: 9, version: 1, user: 'alice', account: 'root', target: 'web01', group: null, from: ['10.0.0.0/8', '192.168.0.0/16'], hours: '', until: '2027-01-31T10:00:00+00:00', features: ['shell', 'exec'], idle: 0, total: 0, concurrent: 2, paste: 'ask', paste_max: 0, copy: true, online: 0 }
const lab: Row = { id: 3, version: 1, name: 'lab', networks: ['10.0.0.0/8', 'fd00::/8'], admins: [], targets: 1 }
const web: Row = { id: 4, version: 2, name: 'web', kind: 'ordinary', retention_days: null, admins: ['gina'], targets: 1 }
const root: Row = { id: 5, version: 6, target: 'web01', name: 'root', kind: 'password', default: true, suspended: false, updated: '' }
const cloud: Row = { id: 6, version: 2, name: 'ops', provider: 'aws', kind: 'readonly', login: '123456789012', group: 'web', url: 'https://a.example/', key_id: 'AKIA1', remind: '90', due: false, users: 'alice', opened: null, password_at: '', key_at: '' }
const rm: Row = { id: 6, version: 2, cluster: 'lab', place: 1, enabled: true, name: 'rm', program: 'rm', args: '-r|-R /etc*', path: '', account: '', target: '', hours: '', action: 'deny', reason_en: 'no', reason_zh: '' }
const drop: Row = { id: 7, version: 1, cluster: null, group: null, target: 'db', name: 'drop', user: '', role: '', dialect: '', database: '', tables: '', classes: ['DROP', 'TRUNCATE'], flags: [], without: ['TEMP'], hours: '', from: [], program: '', statements: 0, rows: 100, action: 'approve', enabled: false, reason_en: '', reason_zh: '' }
const ROWS: Record<string, Row> = { users: alice, targets: web01, grants: grant, clusters: lab, groups: web, accounts: root, command_rules: rm, sql_rules: drop, clouds: cloud }

test.each(Object.keys(sheets))('what is exported of %s and imported again changes nothing', (what) => {
	const text = write(tableOf(sheets[what]!, [ROWS[what]!])).slice(1)
	expect(states(what, text, [ROWS[what]!])).toEqual(['same'])
})

test('a line is new, changed, the same or wrong', () => {
	const found = plans('users', 'name,role,lang\nbob,dba,\nalice,dba,zh\nalice,engineer,zh\n,dba,\nx,dba\n', [alice])
	expect(found.map((plan) => [plan.line, plan.state, plan.fault])).toEqual([
		[2, 'new', undefined],
		[3, 'changed', undefined],
		[4, 'wrong', 'twice'],
		[5, 'wrong', 'missing'],
		[6, 'wrong', 'columns'],
	])
	expect(found[0]!.steps).toEqual([['user add', { name: 'bob', role: 'dba' }]])
	expect(found[1]!.steps).toEqual([['user set', { name: 'alice', version: 4, role: 'dba' }]])
})

test('an account of a cloud is added and changed by a sheet, which holds no secret', () => {
	const head = 'name,provider,kind,login,group,url,key_id\n'
	expect(plans('clouds', `${head}new,aws,operate,me,web,,\n`)[0]!.steps).toEqual([['cloud add', { name: 'new', provider: 'aws', kind: 'operate', login: 'me', group: 'web' }]])
	expect(plans('clouds', `${head}ops,aws,readonly,other,web,,AKIA1\n`, [cloud])[0]!.steps).toEqual([['cloud set', { name: 'ops', version: 2, login: 'other', url: 'none' }]])
	expect(() => plans('clouds', 'name,provider,kind,login,group,secret\n')).toThrow(Wrong)
})

test('a column that is not there changes nothing, one that is empty empties', () => {
	expect(states('users', 'name,role\nalice,engineer\n', [alice])).toEqual(['same'])
	expect(plans('users', 'name,role,lang\nalice,engineer,\n', [alice])[0]!.steps).toEqual([['user set', { name: 'alice', version: 4, lang: 'none' }]])
})

test('a first line that makes no sense stops all', () => {
	expect(() => plans('users', 'name,role,shoe\n')).toThrow(Wrong)
	expect(() => plans('users', 'name\n')).toThrow(Wrong)
	expect(() => plans('users', 'name,role,name\n')).toThrow(Wrong)
	expect(() => plans('users', '')).toThrow(Wrong)
})

test('a target is moved, readdressed and regrouped by the commands for that', () => {
	const [plan] = plans('targets', 'name,kind,address,cluster,groups\nweb01,linux,10.0.0.9:22,far,data\n', [web01])
	expect(plan!.steps).toEqual([
		['target set', { name: 'web01', version: 3, address: '10.0.0.9:22' }],
		['cluster put', { cluster: 'far', target: ['web01'] }],
		['group put', { group: 'data', target: ['web01'] }],
		['group take', { group: 'web', target: ['web01'] }],
	])
	expect(plans('targets', 'name,kind,address,cluster\nweb01,mysql,10.0.0.1:22,lab\n', [web01])[0]!.fault).toBe('kind_fixed')
})

test('an account without a secret is one of the certificate authority', () => {
	const text = 'target,account,kind\nweb01,new,ca\nweb01,other,password\nnowhere,x,ca\nweb01,root,key\n'
	expect(plans('accounts', text, [root]).map((plan) => plan.fault ?? plan.state)).toEqual(['new', 'needs_secret', 'no_such_target', 'needs_secret'])
})

test('a grant is found by what it says, and replaced where its id says so', () => {
	const same = 'user,account,target,from,until,features,concurrent\nalice,root,web01,192.168.0.0/16 10.0.0.0/8,2027-01-31T18:00:00+08:00,exec shell,2\n'
	expect(states('grants', same, [grant])).toEqual(['same'])
	const [plan] = plans('grants', 'id,user,account,target,hours\n9,alice,root,web01,mon 09:00-10:00\n', [grant])
	expect(plan!.state).toBe('changed')
	expect(plan!.steps[0]).toEqual(['grant remove', { id: '9', version: 1 }])
	expect(plan!.steps[1]).toEqual([
		'grant add',
		{ user: 'alice', account: 'root', target: 'web01', hours: 'mon 09:00-10:00', until: '2027-01-31T10:00:00.000Z', idle: '0', total: '0', concurrent: '2', paste: 'ask', paste_max: '0', copy: 'on', from: ['10.0.0.0/8', '192.168.0.0/16'], feature: ['shell', 'exec'] },
	])
	expect(states('grants', 'user,account,group\nalice,root,web\n', [grant])).toEqual(['new'])
})

test('a rule is changed by its id, added without one, and stays in its scope', () => {
	expect(plans('command_rules', 'id,cluster,program,args,action\n6,lab,rm,,ask\n,,dd,of=/dev/sd*,deny\n6x,,dd,,deny\n', [rm]).map((plan) => plan.steps)).toEqual([
		[['command-rule set', { id: '6', version: 2, args: '', action: 'ask' }]],
		[['command-rule add', { program: 'dd', args: 'of=/dev/sd*', action: 'deny' }]],
		[],
	])
	expect(plans('command_rules', 'id,cluster,action\n6,far,deny\n', [rm])[0]!.fault).toBe('kind_fixed')
	expect(plans('sql_rules', 'id,action,class,flag,rows\n7,approve,DROP,,\n', [drop])[0]!.steps).toEqual([['sql-rule set', { id: '7', version: 1, rows: '', class: ['DROP'] }]])
})

test('ten thousand lines are compared at once', () => {
	const rows = Array.from({ length: 10_000 }, (_, n): Row => ({ ...web01, id: n, name: `t${n}` }))
	const text = write(tableOf(sheets.targets!, rows)).slice(1)
	expect(new Set(states('targets', text, rows))).toEqual(new Set(['same']))
})
