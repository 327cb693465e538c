/** Forms that a manifest describes. */
export { fieldsOf, type Field, type Schema } from './types';
export { SchemaFields } from './SchemaFields';
export { useSchemaForm, type SchemaForm } from './useSchemaForm';
export { checkInputs, checkValue } from './check';
