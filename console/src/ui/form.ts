// Element Plus, what a form needs: all that the login page loads.
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/el-alert.css'
import 'element-plus/theme-chalk/el-button.css'
import 'element-plus/theme-chalk/el-form.css'
import 'element-plus/theme-chalk/el-form-item.css'
import 'element-plus/theme-chalk/el-input.css'

export { ElAlert } from 'element-plus/es/components/alert/index'
export { ElButton } from 'element-plus/es/components/button/index'
export { ElForm, ElFormItem } from 'element-plus/es/components/form/index'
export { ElInput } from 'element-plus/es/components/input/index'
