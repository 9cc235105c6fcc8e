import { readFileSync } from 'node:fs';
import { format } from 'oxfmt';

const {
  $schema: _schema,
  ignorePatterns: _ignored,
  ...options
} = JSON.parse(readFileSync(new URL('../../.oxfmtrc.json', import.meta.url), 'utf8'));
/** What the workspace formats: neither its Markdown nor what npm writes. */
const FORMATTED = /^(?!package-lock\.json$).*\.(ts|mjs|cjs|js|json|ya?ml)$/;

/** The text as `npm run format` would leave it; throws if it cannot be read. */
export async function formatted(path, text) {
  if (!FORMATTED.test(path)) return text;
  const { code, errors } = await format(path, text, options);
  if (errors.length > 0) throw new Error(`${path} cannot be formatted: ${errors[0].message}`);
  return code;
}
