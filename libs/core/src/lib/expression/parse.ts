import { isBinaryOperator, OPERATOR_POWER, POWER } from './binding-power';
import { ExpressionError } from './expression-fault';
import { MAX_NESTING, type Token } from './lexer';
import { meantIndex, meantTokens } from './meant';
import type { HashEntry, LetBinding, Selection, SyntaxNode } from './syntax';

// A top-down operator-precedence parser (Pratt). `value` parses the beginning of an expression, `after` what can follow it. The differences
// from JMESPath Community are listed in docs/guides/writing-packs.md, Expressions: word operators and literals, bare numbers, `not` below comparisons, hyphens in
// names after a dot, spaces around a subtraction.

const WORD_LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
] as const);
const MARK_POWER: Readonly<Record<string, number>> = {
  '|': POWER.pipe,
  '?': POWER.choice,
  '[]': POWER.flatten,
  '[?': POWER.filter,
  '.': POWER.path,
  '[': POWER.path,
};

/** The tree of these tokens. Throws an `ExpressionError` (`EXPR_SYNTAX`, `EXPR_LIMIT`). */
export function parseTokens(tokens: readonly Token[]): SyntaxNode {
  return new Parser(tokens).whole();
}

class Parser {
  private place = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): SyntaxNode {
    if (this.ended()) this.fail('the expression is empty', 'use a path such as inputs.name');
    const node = this.expression(0);
    if (!this.ended()) this.unexpected();
    return node;
  }

  private ended(): boolean {
    return this.next.kind === 'end';
  }

  private get next(): Token {
    return this.peek(0);
  }

  private peek(ahead: number): Token {
    return this.tokens[Math.min(this.place + ahead, this.tokens.length - 1)] as Token;
  }

  private take(): Token {
    const token = this.next;
    this.place++;
    return token;
  }

  private sees(mark: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'mark' && token.text === mark;
  }

  private accept(mark: string): boolean {
    const seen = this.sees(mark);
    if (seen) this.place++;
    return seen;
  }

  private expect(mark: string): void {
    if (!this.accept(mark)) this.fail(`\`${mark}\` is missing here`, `add the closing \`${mark}\``);
  }

  private fail(message: string, remediation: string, at = this.next.at): never {
    throw new ExpressionError('EXPR_SYNTAX', message, remediation, at);
  }

  private unexpected(): never {
    const token = this.next;
    if (token.kind === 'end') this.fail('the expression ends too early', 'complete the expression');
    if (token.kind === 'mark' && token.text === '=') this.fail('`=` is not an operator', 'write `==` to compare');
    const shown =
      token.kind === 'value' ? 'a literal' : token.kind === 'quoted' ? `"${token.text}"` : `\`${token.text}\``;
    this.fail(
      `${shown} is not allowed here`,
      token.kind === 'quoted'
        ? `write '${token.text}' for a string`
        : (meantTokens(this.tokens, this.place) ?? 'check the operator before it'),
    );
  }

  private expression(power: number): SyntaxNode {
    if (++this.depth > MAX_NESTING) {
      throw new ExpressionError(
        'EXPR_LIMIT',
        `nested deeper than ${MAX_NESTING} levels`,
        'split the expression over several steps',
        this.next.at,
      );
    }
    let left = this.value();
    while (power < this.power()) left = this.after(left);
    this.depth--;
    return left;
  }

  private operator(): string | null {
    const token = this.next;
    if (token.kind === 'mark') return token.text;
    return token.kind === 'name' && !token.afterDot && (token.text === 'and' || token.text === 'or')
      ? token.text
      : null;
  }

  private power(): number {
    const operator = this.operator();
    if (operator === null) return 0;
    return isBinaryOperator(operator) ? OPERATOR_POWER[operator] : (MARK_POWER[operator] ?? 0);
  }

  private value(): SyntaxNode {
    const token = this.next;
    const { at } = token;
    if (token.kind === 'mark') return this.marked(token);
    if (token.kind === 'end') return this.unexpected();
    this.place++;
    if (token.kind === 'number' || token.kind === 'value') return { kind: 'literal', at, value: token.value };
    if (token.kind === 'variable') return { kind: 'variable', at, name: token.text };
    if (token.kind === 'quoted') {
      if (this.sees('(')) this.fail('the name of a function must not be quoted', `write ${token.text}(…)`, at);
      return { kind: 'field', at, name: token.text, quoted: true, dotted: token.afterDot };
    }
    if (!token.afterDot) {
      const literal = WORD_LITERALS.get(token.text);
      if (literal !== undefined) return { kind: 'literal', at, value: literal };
      if (token.text === 'not') return { kind: 'not', at, operand: this.expression(POWER.and) };
      if (token.text === 'let' && this.next.kind === 'variable') return this.let(at);
      if (token.text === 'and' || token.text === 'or' || token.text === 'in') {
        this.place--;
        this.fail(`\`${token.text}\` needs a value before it`, `write "${token.text}" for a field with this name`);
      }
    }
    if (this.accept('(')) return { kind: 'call', at, name: token.text, args: this.until(')') };
    return { kind: 'field', at, name: token.text, quoted: false, dotted: token.afterDot };
  }

  private marked(token: Token): SyntaxNode {
    const { at } = token;
    const current: SyntaxNode = { kind: 'current', at };
    switch (token.text) {
      case '@':
        this.place++;
        return current;
      case '$':
        this.place++;
        return { kind: 'root', at };
      case 'not':
        this.place++;
        return { kind: 'not', at, operand: this.expression(POWER.and) };
      case '+':
      case '-': {
        this.place++;
        const operand = this.expression(POWER.multiply);
        if (operand.kind === 'literal' && typeof operand.value === 'number') {
          return { kind: 'literal', at, value: token.text === '-' ? 0 - operand.value : operand.value };
        }
        return { kind: 'sign', at, negative: token.text === '-', operand };
      }
      case '&':
        return this.fail(
          '`&` is allowed only before an argument of a function',
          'use, for example, sort_by(list, &name)',
        );
      case '(': {
        this.place++;
        const inner = this.expression(0);
        this.expect(')');
        return inner;
      }
      case '*':
        this.place++;
        return { kind: 'project', at, selection: { kind: 'values' }, left: current, right: this.rest(POWER.star) };
      case '[?':
      case '[]':
        return this.after(current);
      case '{':
        this.place++;
        return this.hash(at);
      case '[':
        if (this.sees('*', 1) && this.sees(']', 2)) return this.after(current);
        if (this.beginsIndex()) return this.after(current);
        this.place++;
        return { kind: 'list', at, items: this.until(']') };
      default:
        return this.unexpected();
    }
  }

  /** `[0]`, `[-1]`, `[1:2]`, `[:2]`, but not `[1, 2]`. */
  private beginsIndex(): boolean {
    if (this.sees(':', 1)) return true;
    const number = this.sees('-', 1) ? 2 : 1;
    return this.peek(number).kind === 'number' && (this.sees(']', number + 1) || this.sees(':', number + 1));
  }

  private after(left: SyntaxNode): SyntaxNode {
    const operator = this.operator();
    const token = this.take();
    const { at } = token;
    if (operator !== null && isBinaryOperator(operator)) {
      if (operator === '-' && !(token.spaced && this.next.spaced)) {
        this.fail(
          'subtraction needs spaces',
          'write `a - b`; a name with a hyphen must follow a dot or be in double quotes',
          at,
        );
      }
      return { kind: 'binary', at, operator, left, right: this.expression(OPERATOR_POWER[operator]) };
    }
    switch (operator) {
      case '|':
        return { kind: 'pipe', at, left, right: this.expression(POWER.pipe) };
      case '?': {
        const yes = this.expression(POWER.pipe);
        this.expect(':');
        return { kind: 'choice', at, condition: left, yes, no: this.expression(POWER.pipe) };
      }
      case '.':
        if (this.sees('*')) {
          this.place++;
          return { kind: 'project', at, selection: { kind: 'values' }, left, right: this.rest(POWER.star) };
        }
        return { kind: 'sub', at, left, right: this.afterDot(POWER.path) };
      case '[]':
        return { kind: 'project', at, selection: { kind: 'flatten' }, left, right: this.rest(POWER.flatten) };
      case '[?': {
        const condition = this.expression(0);
        this.expect(']');
        return { kind: 'project', at, selection: { kind: 'filter', condition }, left, right: this.rest(POWER.filter) };
      }
      default:
        return this.bracket(left, at);
    }
  }

  private bracket(left: SyntaxNode, at: number): SyntaxNode {
    if (this.accept('*')) {
      this.expect(']');
      return { kind: 'project', at, selection: { kind: 'all' }, left, right: this.rest(POWER.star) };
    }
    const parts: (number | null)[] = [this.integer()];
    while (parts.length < 3 && this.accept(':')) parts.push(this.integer());
    const [start = null, stop = null, step = null] = parts;
    if (parts.length === 1 && start === null)
      this.fail(
        'an index must be an integer',
        meantIndex(this.next) ?? 'use, for example, [0], [-1], [*] or [?condition]',
      );
    this.expect(']');
    if (parts.length === 1) return { kind: 'index', at, left, index: start as number };
    if (step === 0) this.fail('the step of a slice cannot be 0', 'omit the step', at);
    const selection: Selection = { kind: 'slice', start, stop, step };
    return { kind: 'project', at, selection, left, right: this.rest(POWER.star) };
  }

  private integer(): number | null {
    const negative = this.sees('-') && this.peek(1).kind === 'number';
    if (negative) this.place++;
    if (this.next.kind !== 'number') return null;
    const token = this.take();
    if (!Number.isInteger(token.value)) this.fail('an index must be an integer', 'use, for example, [0]', token.at);
    return negative ? 0 - (token.value as number) : (token.value as number);
  }

  /** The part of a projection that is applied to each element. */
  private rest(power: number): SyntaxNode {
    const { at } = this.next;
    if (this.power() < 10) return { kind: 'current', at };
    if (this.sees('[') || this.sees('[?')) {
      let left = this.after({ kind: 'current', at });
      while (power < this.power()) left = this.after(left);
      return left;
    }
    this.expect('.');
    return this.afterDot(power);
  }

  private afterDot(power: number): SyntaxNode {
    const { kind, at } = this.next;
    if (kind === 'name' || kind === 'quoted' || this.sees('*')) return this.expression(power);
    // As in the reference implementations, a selection ends a projection: `a[*].{b: c}[0]` is the first element of the list.
    if (this.accept('[')) return { kind: 'list', at, items: this.until(']') };
    if (this.accept('{')) return this.hash(at);
    return this.fail('a name is missing after the dot', 'put a name that begins with a digit in double quotes');
  }

  private until(mark: string): readonly SyntaxNode[] {
    const items: SyntaxNode[] = [];
    if (mark === ')' && this.accept(mark)) return items;
    do {
      const { at } = this.next;
      if (mark === ')' && this.accept('&')) items.push({ kind: 'reference', at, body: this.expression(0) });
      else items.push(this.expression(0));
    } while (this.accept(','));
    this.expect(mark);
    return items;
  }

  private hash(at: number): SyntaxNode {
    if (this.sees('}'))
      this.fail('an empty object must be written between backticks', 'write `{}` with backticks around it', at);
    const entries: HashEntry[] = [];
    do {
      const key = this.take();
      if (key.kind !== 'name' && key.kind !== 'quoted')
        this.fail('a member must begin with its name', 'write {name: value}', key.at);
      if (entries.some((entry) => entry.name === key.text))
        this.fail(`"${key.text}" is listed twice`, 'use each name only once', key.at);
      if (this.sees('-')) this.fail('put a name with a hyphen in quotes', 'write {"a-b": value}');
      this.expect(':');
      entries.push({ name: key.text, value: this.expression(0) });
    } while (this.accept(','));
    this.expect('}');
    return { kind: 'hash', at, entries };
  }

  private let(at: number): SyntaxNode {
    const bindings: LetBinding[] = [];
    do {
      const variable = this.take();
      if (variable.kind !== 'variable') this.fail('`let` must define variables', 'write let $x = … in …', variable.at);
      this.expect('=');
      bindings.push({ name: variable.text, value: this.expression(0) });
    } while (this.accept(','));
    if (this.next.kind !== 'name' || this.next.text !== 'in') this.fail('`in` is missing', 'write let $x = … in …');
    this.place++;
    return { kind: 'let', at, bindings, body: this.expression(0) };
  }
}
