import { readFileSync } from 'node:fs';
import { format } from 'oxfmt';

const {
  $schema: _schema,
  ignorePatterns: _ignored,
  ...options
} = JSON.parse(readFileSync(new URL('../../.oxfmtrc.json', import.meta.url), 'utf8'));
/** Files that the workspace formats: neither Markdown nor files written by npm. */
const FORMATTED = /^(?!package-lock\.json$).*\.(ts|mjs|cjs|js|json|ya?ml)$/;

/** The text as `npm run format` would write it. Throws if it cannot be parsed. */
export async function formatted(path, text) {
  if (!FORMATTED.test(path)) return text;
  const { code, errors } = await format(path, text, options);
  if (errors.length > 0) throw new Error(`${path} cannot be formatted: ${errors[0].message}`);
  return code;
}
