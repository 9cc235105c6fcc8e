import { parse } from '@bufbuild/cel';
import type { CelExpr } from './cel-cost';
import { POLICY_ROOTS, type PolicyRead } from './policy-input';

/** The parts of its input that a CEL policy reads, without duplicates; all roots if it cannot be parsed. */
export function readsOfCel(source: string): readonly PolicyRead[] {
  const reads = new Map<string, PolicyRead>();
  try {
    visit(parse(source).expr, new Set(), (read) => reads.set(JSON.stringify(read), read));
  } catch {
    return POLICY_ROOTS.map((root) => [root]);
  }
  return [...reads.values()];
}

function visit(expr: CelExpr | undefined, bound: ReadonlySet<string>, take: (read: PolicyRead) => void): void {
  const read = readOf(expr, bound);
  if (read !== null) return take(read);
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'selectExpr':
      return visit(kind.value.operand, bound, take);
    case 'listExpr':
      return kind.value.elements.forEach((element) => visit(element, bound, take));
    case 'structExpr':
      for (const { keyKind, value } of kind.value.entries) {
        if (keyKind.case === 'mapKey') visit(keyKind.value, bound, take);
        visit(value, bound, take);
      }
      return;
    case 'callExpr':
      visit(kind.value.target, bound, take);
      return kind.value.args.forEach((arg) => visit(arg, bound, take));
    case 'comprehensionExpr': {
      const loop = kind.value;
      const inner = new Set([...bound, loop.accuVar, loop.iterVar, loop.iterVar2]);
      visit(loop.iterRange, bound, take);
      visit(loop.accuInit, bound, take);
      for (const part of [loop.loopCondition, loop.loopStep, loop.result]) visit(part, inner, take);
      return;
    }
    default:
      return;
  }
}

/** The part of the input that an expression denotes, if any: a root followed by member names. */
function readOf(expr: CelExpr | undefined, bound: ReadonlySet<string>): PolicyRead | null {
  const kind = expr?.exprKind;
  if (kind?.case === 'identExpr') {
    const name = kind.value.name.replace(/^\./, '');
    return !bound.has(name) && POLICY_ROOTS.some((root) => root === name) ? [name] : null;
  }
  if (kind?.case === 'selectExpr') {
    const of = readOf(kind.value.operand, bound);
    return of && [...of, kind.value.field];
  }
  if (kind?.case !== 'callExpr' || kind.value.function !== '_[_]') return null;
  const [operand, index] = kind.value.args;
  const constant = index?.exprKind.case === 'constExpr' ? index.exprKind.value.constantKind : undefined;
  const of = constant?.case === 'stringValue' ? readOf(operand, bound) : null;
  return of && constant?.case === 'stringValue' ? [...of, constant.value] : null;
}
