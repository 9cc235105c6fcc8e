import type { CelExpr } from './cel-cost';

/** Names that CEL predefines: types, and the first part of a qualified type name. */
const TYPE_NAMES = new Set([
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'list',
  'map',
  'type',
  'null_type',
  'dyn',
  'google',
]);

/** A name that an expression reads and no macro binds, with its node. */
interface FreeName {
  readonly name: string;
  readonly id: bigint;
}

/** The free names of an expression, in order of occurrence. */
export function freeNames(expr: CelExpr): readonly FreeName[] {
  const names: FreeName[] = [];
  visit(expr, new Set(), names);
  return names.filter(({ name }) => !TYPE_NAMES.has(name));
}

function visit(expr: CelExpr | undefined, bound: ReadonlySet<string>, names: FreeName[]): void {
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'identExpr': {
      const name = kind.value.name.replace(/^\./, '');
      if (expr !== undefined && !bound.has(name)) names.push({ name, id: expr.id });
      return;
    }
    case 'selectExpr':
      return visit(kind.value.operand, bound, names);
    case 'listExpr':
      return kind.value.elements.forEach((element) => visit(element, bound, names));
    case 'structExpr':
      for (const { keyKind, value } of kind.value.entries) {
        if (keyKind.case === 'mapKey') visit(keyKind.value, bound, names);
        visit(value, bound, names);
      }
      return;
    case 'callExpr':
      visit(kind.value.target, bound, names);
      return kind.value.args.forEach((arg) => visit(arg, bound, names));
    case 'comprehensionExpr': {
      const loop = kind.value;
      const inner = new Set([...bound, loop.accuVar, loop.iterVar, loop.iterVar2]);
      visit(loop.iterRange, bound, names);
      visit(loop.accuInit, bound, names);
      for (const part of [loop.loopCondition, loop.loopStep, loop.result]) visit(part, inner, names);
      return;
    }
    default:
      return;
  }
}
