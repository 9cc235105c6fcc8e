import { isSecretName, REDACTED, scrub } from './scrub';

const MOST_DEPTH = 6;
const MOST_TEXT = 8_192;

/** Converts any value for a log: errors with code and cause, texts redacted and shortened, nesting limited. */
export function loggable(value: unknown, withStack: boolean, depth = 0): unknown {
  if (typeof value === 'string') return cut(scrub(value));
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MOST_DEPTH) return '[deeper]';
  if (value instanceof Error) return loggableError(value, withStack, depth);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => loggable(item, withStack, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      isSecretName(name) && part !== null && part !== undefined ? REDACTED : loggable(part, withStack, depth + 1),
    ]),
  );
}

function loggableError(error: Error, withStack: boolean, depth: number): unknown {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  const { errors } = error as { readonly errors?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: cut(scrub(error.message)),
    ...(withStack && error.stack ? { stack: cut(scrub(error.stack)) } : {}),
    ...(cause === undefined ? {} : { cause: loggable(cause, withStack, depth + 1) }),
    ...(Array.isArray(errors) ? { errors: errors.slice(0, 5).map((one) => loggable(one, withStack, depth + 1)) } : {}),
  };
}

function cut(text: string): string {
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}…`;
}
