import { isCodedError } from './coded-error';

const DEEPEST = 8;

/** An error and its causes for a log, the outermost first. The texts may contain anything: redact them if they may hold a secret. */
export function causesOf(error: unknown): readonly string[] {
  const texts: string[] = [];
  for (let one = error; one !== undefined && one !== null && texts.length < DEEPEST;) {
    texts.push(textOf(one));
    one = one instanceof Error ? one.cause : undefined;
  }
  return texts;
}

function textOf(error: unknown): string {
  if (isCodedError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
