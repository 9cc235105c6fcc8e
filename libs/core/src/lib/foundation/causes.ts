import { isCodedError } from './coded-error';

const DEEPEST = 8;

/**
 * An error and what caused it, for a log: the outermost first. Texts may hold whatever an error says: redact them where they may hold a secret.
 * `quotes: false`: without the messages of parsers, which quote what they could not read.
 */
export function causesOf(error: unknown, { quotes = true } = {}): readonly string[] {
  const texts: string[] = [];
  for (let one = error; one !== undefined && one !== null && texts.length < DEEPEST;) {
    texts.push(!quotes && one instanceof SyntaxError ? one.name : textOf(one));
    one = one instanceof Error ? one.cause : undefined;
  }
  return texts;
}

function textOf(error: unknown): string {
  if (isCodedError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
