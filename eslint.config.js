import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

export default [
  { ignores: ['dist/', 'node_modules/', '.tap/', 'docs/', 'bench/results/', 'deploy/'] },
  ...neostandard({ ts: true }),
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'ts-eslint': tseslint.plugin },
    rules: {
      'ts-eslint/no-floating-promises': 'error',
      'ts-eslint/no-misused-promises': 'error',
      'ts-eslint/switch-exhaustiveness-check': 'error',
      'ts-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx:'], location: 'start' }],
      'no-labels': 'off',
      'no-void': 'off'
    }
  },
  { files: ['test/**', 'bench/**'], rules: { 'max-lines': ['error', 600] } }
]
