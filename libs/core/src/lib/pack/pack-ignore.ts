import { matchGlob } from './glob';

/**
 * Reads a `.packignore`: one pattern per line, `#` begins a comment, `!` re-includes. A pattern without an inner slash matches at any
 * depth; one with a trailing slash matches only folders; the contents of a matched folder match. The last matching line wins.
 */
export function parseIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(0, 1_000)
    .map(parseRule);
  return (path) => {
    const parts = path.split('/');
    return rules.reduce((ignored, rule) => (matches(rule, parts) ? !rule.takesBack : ignored), false);
  };
}

interface IgnoreRule {
  readonly takesBack: boolean;
  readonly foldersOnly: boolean;
  readonly pattern: readonly string[];
}

function parseRule(line: string): IgnoreRule {
  const takesBack = line.startsWith('!');
  const body = takesBack ? line.slice(1) : line;
  const foldersOnly = body.endsWith('/');
  const trimmed = body.replace(/^\//, '').replace(/\/$/, '');
  const anchored = body.startsWith('/') || trimmed.includes('/');
  return { takesBack, foldersOnly, pattern: anchored ? trimmed.split('/') : ['**', trimmed] };
}

/** True if the pattern matches the path or a folder that contains it. */
function matches({ foldersOnly, pattern }: IgnoreRule, parts: readonly string[]): boolean {
  for (let length = foldersOnly ? parts.length - 1 : parts.length; length > 0; length--)
    if (matchGlob(pattern, parts.slice(0, length))) return true;
  return false;
}
