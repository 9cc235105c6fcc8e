import { nearestName } from '../foundation/nearest-name';
import type { Token } from './lexer';
import { isBareName } from './syntax';
import type { StaticType } from './static-type';

/** Names that other systems give to what this language calls otherwise. They count only where the second name is known. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ...['vars', 'variables', 'params', 'parameters', 'arguments', 'args', 'values'].map(
    (name) => [name, 'inputs'] as const,
  ),
  ...['needs', 'jobs', 'tasks', 'nodes', 'stages'].map((name) => [name, 'steps'] as const),
  ...['result', 'results', 'returns', 'stdout'].map((name) => [name, 'outputs'] as const),
  ...['outcome', 'conclusion', 'state', 'phase'].map((name) => [name, 'status'] as const),
  ['files', 'artifacts'],
]);

/** The name that an unknown one probably stands for, with what precedes it: `inputs.image` for a bare `image`; null: none is likely. */
export function meantName(name: string, known: readonly string[], inputs: StaticType | undefined): string | null {
  const near = nearestName(name, known);
  if (near !== null) return near;
  const synonym = SYNONYMS.get(name);
  if (synonym !== undefined && known.includes(synonym)) return synonym;
  if (name === 'outputs' && known.includes('steps')) return 'steps.<id>.outputs';
  return Object.hasOwn(inputs?.fields ?? {}, name) ? `inputs.${name}` : null;
}

/** What to write instead of a token that is not allowed at this place; null: nothing is likely. */
export function meantTokens(tokens: readonly Token[], place: number): string | null {
  const [before, token, after] = [tokens[place - 1], tokens[place], tokens[place + 1]];
  if (token === undefined || after === undefined) return null;
  if (isMark(token, '.') && place === 0 && after.kind === 'name')
    return `a path does not begin with a dot: did you mean \`${after.text}\`?`;
  if (!isMark(token, ':') || !isMark(after, ':') || before === undefined) return null;
  const isStep = before.kind === 'name' && (!before.afterDot || tokens[place - 3]?.text === 'steps');
  const path = isStep ? `steps.${before.text}` : 'steps.<map>';
  return `ids with \`::\` stand in plans and logs only. Outside of a map or loop, read the list of its results: did you mean \`${path}.outputs\`?`;
}

/** How to read a field of the elements of a list. */
export function meantElements(field: string): string {
  return `write [*].${field} for the field of all elements, or [0].${field} for that of the first one`;
}

/** What to write instead of an index into this value; null: nothing is likely. */
export function meantList({ fields = {} }: StaticType): string | null {
  const { outputs } = fields;
  return outputs?.kinds.includes('array') === true ? 'did you mean the elements of its `outputs`?' : null;
}

/** What to write instead of brackets around this token; null: nothing is likely. */
export function meantIndex(token: Token): string | null {
  const name = token.kind === 'quoted' ? token.text : token.kind === 'value' ? token.value : null;
  if (typeof name !== 'string') return null;
  const dotted = name.split(/-+/).every((part, index) => isBareName(index === 0 ? part : `_${part}`));
  return `a member is read with a dot: did you mean \`.${dotted ? name : JSON.stringify(name)}\`?`;
}

function isMark(token: Token, text: string): boolean {
  return token.kind === 'mark' && token.text === text;
}
