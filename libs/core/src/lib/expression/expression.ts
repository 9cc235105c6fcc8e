import type { Json, JsonObject } from '../foundation/json';
import { costFault } from './cost';
import { evaluateNode } from './evaluate';
import { ExpressionError, type ExpressionFault } from './expression-fault';
import { inspect, type Inspection, type Reference } from './inspect';
import { lex, MAX_EXPRESSION_LENGTH } from './lexer';
import { Meter } from './meter';
import { parseTokens } from './parse';
import { printNode } from './print';
import { ANY_TYPE, objectType, type StaticType } from './static-type';
import type { SyntaxNode } from './syntax';
import { TextMemo } from './text-memo';

/** Raised only if the meaning of an accepted expression changes. Part of the environment digest. */
export const EXPRESSION_BEHAVIOUR = 1;

/** The types of the roots in scope. A root that is not named here is `EXPR_UNKNOWN_NAME`. */
type ScopeTypes = Readonly<Record<string, StaticType>>;

/** A parsed expression: immutable, and equal for every spelling of the same tree. */
export interface Expression {
  /** Canonical text. It is part of the plan hash; parsing it gives this expression again. */
  readonly text: string;
  /** The paths that it can read, sorted, without duplicates. Offsets are in the parsed text. */
  readonly reads: readonly Reference[];
  /** Its static type over these roots, with the faults (`EXPR_UNKNOWN_NAME`, `EXPR_TYPE`, `EXPR_ROOT` …) and reads that were found. */
  typeOf(roots: ScopeTypes): Inspection;
  /**
   * Its value. A root that `scope` lacks is null. `meter` counts several evaluations together. Throws an `ExpressionError`; offsets are in
   * the text that was parsed.
   */
  evaluate(scope: JsonObject, meter?: Meter): Json;
}

/** Result of parsing: an expression, or all of its faults. */
type ParsedExpression =
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'faults'; readonly faults: readonly ExpressionFault[] };

/**
 * Reads what stands between `{{` and `}}`: JMESPath Community in the reading of docs/guides/writing-packs.md, Expressions. Never throws for bad input.
 * @example parseExpression("steps.collect-stale.outputs.count > 3 and not inputs.dryRun")
 */
export function parseExpression(text: string): ParsedExpression {
  if (text.length > MAX_EXPRESSION_LENGTH)
    return refused('EXPR_LIMIT', `longer than ${MAX_EXPRESSION_LENGTH} characters`);
  if (!text.isWellFormed()) return refused('EXPR_SYNTAX', 'not a valid string: it contains an unpaired surrogate');
  return EXPRESSIONS.get(text);
}

const EXPRESSIONS = new TextMemo(readExpression);

function readExpression(text: string): ParsedExpression {
  try {
    return expressionOf(parseTokens(lex(text).tokens));
  } catch (error) {
    return { kind: 'faults', faults: [faultOf(error)] };
  }
}

/** The expression of a tree, or its faults that do not depend on the scope. */
export function expressionOf(node: SyntaxNode): ParsedExpression {
  const cost = costFault(node);
  const { faults, reads } = inspect(node, { ...ANY_TYPE, kinds: ['object'] });
  if (cost !== null || faults.length > 0) return { kind: 'faults', faults: cost === null ? faults : [cost, ...faults] };
  return { kind: 'expression', expression: new ParsedTree(node, printNode(node), reads) };
}

/** The fault of an `ExpressionError`; any other error is rethrown. */
export function faultOf(error: unknown): ExpressionFault {
  if (!ExpressionError.is(error)) throw error;
  return { code: error.code, message: error.message, remediation: error.remediation, offset: error.offset };
}

/** True for roots that are known only while a run executes and are not part of the plan hash: `run`, `tenant`, `secrets`. */
export function isLateBound({ root }: Reference): boolean {
  return root === 'run' || root === 'tenant' || root === 'secrets';
}

class ParsedTree implements Expression {
  constructor(
    private readonly node: SyntaxNode,
    readonly text: string,
    readonly reads: readonly Reference[],
  ) {}

  typeOf(roots: ScopeTypes): Inspection {
    return inspect(this.node, objectType(roots));
  }

  evaluate(scope: JsonObject, meter = new Meter()): Json {
    return evaluateNode(this.node, scope, meter);
  }
}

function refused(code: 'EXPR_LIMIT' | 'EXPR_SYNTAX', what: string): ParsedExpression {
  return {
    kind: 'faults',
    faults: [
      { code, message: `the expression is ${what}`, remediation: 'split the expression over several steps', offset: 0 },
    ],
  };
}
