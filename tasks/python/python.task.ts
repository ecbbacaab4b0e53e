import { defineTask, oneOf } from '../../lib/index.ts'
import { checkPython, pythonEnvironment } from './environment.ts'

export default defineTask({
  name: 'python',
  title: 'Make a Python environment below .assay/python, or say where it is',
  options: { name: oneOf(['train', 'mlflow'], 'train', 'what it is for') },
  async run({ name }, context) {
    await checkPython(name, context)
    return pythonEnvironment(name, context)
  },
})
