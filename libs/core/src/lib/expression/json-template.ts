import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import type { ExpressionFault } from './expression-fault';
import type { Reference } from './inspect';
import { Meter } from './meter';
import { evaluateText, parseTemplate, printTemplate, readsOf, type Template } from './template';

/** A fault in a string of a JSON value; `pointer` is its RFC 6901 place in the value. */
interface TemplateFault extends ExpressionFault {
  readonly pointer: string;
}

/** A JSON value whose strings were parsed as templates. It can be evaluated any number of times. */
export interface JsonTemplate {
  /** The value with every expression in canonical spelling. The plan contains and hashes this value. */
  readonly canonical: Json;
  readonly reads: readonly Reference[];
  /** True if it contains no expression; `canonical` is then its value. */
  readonly constant: boolean;
  /** Throws an `ExpressionError`. */
  evaluate(scope: JsonObject): Json;
}

/** Result of parsing a JSON value as a template. */
type ParsedJsonTemplate =
  | { readonly kind: 'template'; readonly template: JsonTemplate }
  | { readonly kind: 'faults'; readonly faults: readonly TemplateFault[] };

type Tree =
  | { readonly kind: 'constant'; readonly value: Json }
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Tree])[] };

/** Reads every string in a JSON value as a template. `{{` in the name of a member is `EXPR_NOT_ALLOWED`. Never throws for bad input. */
export function parseJsonTemplate(value: Json): ParsedJsonTemplate {
  const faults: TemplateFault[] = [];
  const tree = treeOf(value, '', faults);
  if (faults.length > 0) return { kind: 'faults', faults };
  const template: JsonTemplate = {
    canonical: printTree(tree),
    reads: readsOfTree(tree),
    constant: tree.kind === 'constant',
    evaluate: (scope) => evaluateTree(tree, scope),
  };
  return { kind: 'template', template };
}

/**
 * The same JSON value with every string that holds an expression replaced. `map` gets the template and its RFC 6901 place. Throws a
 * `TypeError` for templates that do not parse: read them with `parseJsonTemplate` first.
 */
export function mapTemplates(value: Json, map: (template: Template, pointer: string) => Json): Json {
  return mapTree(sound(value), null, (template, place) => map(template, pointerOf(place)));
}

/** What the expressions in a JSON value read. Throws a `TypeError` for templates that do not parse. */
export function readsOfTemplate(value: Json): readonly Reference[] {
  return readsOfTree(sound(value));
}

/** The JSON value with its expressions evaluated. Throws an `ExpressionError`; a `TypeError` for templates that do not parse. */
export function evaluateTemplate(value: Json, scope: JsonObject): Json {
  return evaluateTree(sound(value), scope);
}

function sound(value: Json): Tree {
  const faults: TemplateFault[] = [];
  const tree = treeOf(value, '', faults);
  const [first] = faults;
  if (first !== undefined) throw new TypeError(`not a template at '${first.pointer}': ${first.message}`);
  return tree;
}

/** The place of a member or element below a place (RFC 6901). */
const below = (pointer: string, step: string | number): string =>
  `${pointer}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;

function treeOf(value: Json, pointer: string, faults: TemplateFault[]): Tree {
  if (typeof value === 'string') {
    const parsed = parseTemplate(value);
    if (parsed.kind === 'faults') faults.push(...parsed.faults.map((fault) => ({ ...fault, pointer })));
    else if (parsed.template.kind !== 'literal') return { kind: 'template', template: parsed.template };
    return { kind: 'constant', value };
  }
  if (isJsonArray(value)) {
    const items = value.map((item, index) => treeOf(item, below(pointer, index), faults));
    return items.every(isConstant) ? { kind: 'constant', value } : { kind: 'list', items };
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([name, member]) => {
      const place = below(pointer, name);
      if (name.includes('{{')) faults.push(notInNames(place));
      return [name, treeOf(member, place, faults)] as const;
    });
    return members.every(([, member]) => isConstant(member))
      ? { kind: 'constant', value }
      : { kind: 'object', members };
  }
  return { kind: 'constant', value };
}

const isConstant = (tree: Tree): boolean => tree.kind === 'constant';

const notInNames = (pointer: string): TemplateFault => ({
  code: 'EXPR_NOT_ALLOWED',
  message: 'the name of a member cannot contain an expression',
  remediation: 'build the object with from_items(…), or use a literal name',
  offset: 0,
  pointer,
});

/** Where a part of a value is: the member or element of a place; null: the value itself. */
type Place = { readonly of: Place; readonly step: string | number } | null;

function pointerOf(place: Place): string {
  return place === null ? '' : below(pointerOf(place.of), place.step);
}

function mapTree(tree: Tree, place: Place, map: (template: Template, place: Place) => Json): Json {
  switch (tree.kind) {
    case 'constant':
      return tree.value;
    case 'template':
      return map(tree.template, place);
    case 'list':
      return tree.items.map((item, index) => mapTree(item, { of: place, step: index }, map));
    case 'object': {
      const made: Record<string, Json> = {};
      for (const [name, member] of tree.members) {
        const value = mapTree(member, { of: place, step: name }, map);
        // An assignment would set the prototype.
        if (name === '__proto__') Object.defineProperty(made, name, { value, ...ORDINARY });
        else made[name] = value;
      }
      return made;
    }
  }
}

const ORDINARY = { configurable: true, enumerable: true, writable: true };

function readsOfTree(tree: Tree): readonly Reference[] {
  switch (tree.kind) {
    case 'constant':
      return [];
    case 'template':
      return readsOf(tree.template);
    case 'list':
      return tree.items.flatMap(readsOfTree);
    case 'object':
      return tree.members.flatMap(([, member]) => readsOfTree(member));
  }
}

const printTree = (tree: Tree): Json => mapTree(tree, null, printTemplate);
/** One meter for all strings: the limit applies to the whole field, however many expressions it contains. */
function evaluateTree(tree: Tree, scope: JsonObject): Json {
  const meter = new Meter();
  return mapTree(tree, null, (template) => evaluateText(template, scope, meter));
}
