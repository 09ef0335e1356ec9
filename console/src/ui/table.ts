import 'element-plus/theme-chalk/el-table.css'
import 'element-plus/theme-chalk/el-table-column.css'
import { ElTableColumn as Column } from 'element-plus/es/components/table/index'

export { ElTable } from 'element-plus/es/components/table/index'

/* A column does not learn from its table what a row is: its slots take it as it comes. */
export const ElTableColumn = Column as unknown as new () => {
	$props: { [name: string]: unknown }
	// eslint-disable-next-line @typescript-eslint/no-explicit-any
	$slots: { default?: (scope: { row: any }) => unknown; header?: () => unknown }
}

/* What pages ask of a table. */
export interface TableHandle {
	clearSelection(): void
	setCurrentRow(row?: unknown): void
}
