import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts', 'public', 'scripts'] },
  ...tseslint.configs.recommended,
  jsxA11y.flatConfigs.recommended,
  { files: ['src/**'], ...reactHooks.configs.flat.recommended },
  {
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error', { name: 'alert' }, { name: 'confirm' }, { name: 'prompt' }],
      'no-restricted-properties': [
        'error',
        { property: 'dangerouslySetInnerHTML', message: 'Use shared/Markdown or shared/CodeBlock, which sanitise.' },
      ],
      'no-restricted-imports': [
        'error',
        { name: '@mantine/notifications', message: 'Use shared/notify, which loads it when it is needed.' },
        { name: '@mantine/charts', message: 'Import it in a component of its own, behind lazy(), and disable this line there.' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'jsx-a11y/no-autofocus': ['error', { ignoreNonDOM: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ['e2e/bench/**'], rules: { 'no-console': 'off' } },
  { files: ['src/app/NotificationCorner.tsx'], rules: { 'no-restricted-imports': 'off' } },
);
