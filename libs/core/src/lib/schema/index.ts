export { compileSchema, describeFindings, type CompiledSchema } from './compile-schema';
export type { SchemaFinding } from './evaluation';
export { JSON_SCHEMA_BEHAVIOUR } from './keyword';
