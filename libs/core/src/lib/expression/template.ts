import type { Json, JsonObject } from '../foundation/json';
import { canonical } from '../canonical/canonical';
import { expressionOf, faultOf, type Expression } from './expression';
import { ExpressionError, type ExpressionFault } from './expression-fault';
import type { Reference } from './inspect';
import { lex } from './lexer';
import { Meter } from './meter';
import { parseTokens } from './parse';
import { TextMemo } from './text-memo';

/** A piece of a text with expressions. `at` is the UTF-16 offset of the expression's `{{` in the text. */
type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly expression: Expression; readonly at: number };

/** A string of a pack: a plain text, a single expression whose value keeps its type, or a text with expressions. */
export type Template =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'interpolation'; readonly parts: readonly TemplatePart[] };

/** Result of parsing a template. Offsets are in the whole text. */
export type ParsedTemplate =
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'faults'; readonly faults: readonly ExpressionFault[] };

/** Reads a string that may hold `{{ … }}`; the lexer of expressions finds where each ends. Never throws for bad input. */
export function parseTemplate(text: string): ParsedTemplate {
  return text.includes('{{') ? TEMPLATES.get(text) : { kind: 'template', template: { kind: 'literal', text } };
}

/** Cached: a map of 100 000 items parses the same few texts again and again. */
const TEMPLATES = new TextMemo(readTemplate);

function readTemplate(text: string): ParsedTemplate {
  const parts: TemplatePart[] = [];
  const faults: ExpressionFault[] = [];
  let from = 0;
  if (!text.isWellFormed()) return { kind: 'faults', faults: [malformed] };
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', from)) {
    if (open > from) parts.push({ kind: 'text', text: text.slice(from, open) });
    try {
      const { tokens, end } = lex(text, open + 2, true);
      from = end + 2;
      const parsed = expressionOf(parseTokens(tokens));
      if (parsed.kind === 'faults') faults.push(...parsed.faults);
      else parts.push({ kind: 'expression', expression: parsed.expression, at: open });
    } catch (error) {
      const fault = faultOf(error);
      faults.push(fault.code === 'EXPR_UNCLOSED' ? { ...fault, offset: open } : fault);
      if (from <= open) break;
    }
  }
  if (faults.length > 0) return { kind: 'faults', faults };
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  const [only] = parts;
  const single = parts.length === 1 && only?.kind === 'expression';
  return {
    kind: 'template',
    template: single ? { kind: 'expression', expression: only.expression } : { kind: 'interpolation', parts },
  };
}

const malformed: ExpressionFault = {
  code: 'EXPR_SYNTAX',
  message: 'the text holds half a character (a lone surrogate)',
  remediation: 'write the character whole',
  offset: 0,
};

/** The canonical text of a template: expressions in canonical spelling, `{{ like this }}`. */
export function printTemplate(template: Template): string {
  switch (template.kind) {
    case 'literal':
      return template.text;
    case 'expression':
      return `{{ ${template.expression.text} }}`;
    case 'interpolation':
      return template.parts
        .map((part) => (part.kind === 'text' ? part.text : `{{ ${part.expression.text} }}`))
        .join('');
  }
}

/** The expressions in a template, in order. */
function expressionsOf(template: Template): readonly Expression[] {
  switch (template.kind) {
    case 'literal':
      return [];
    case 'expression':
      return [template.expression];
    case 'interpolation':
      return template.parts.flatMap((part) => (part.kind === 'expression' ? [part.expression] : []));
  }
}

/** The paths that a template can read. */
export function readsOf(template: Template): readonly Reference[] {
  return expressionsOf(template).flatMap(({ reads }) => reads);
}

/**
 * The value of a template. Within a text, strings are inserted unchanged, numbers and booleans as JSON, arrays and objects as canonical
 * JSON. Null is `EXPR_NULL`. `meter` counts several texts together. Throws an `ExpressionError`.
 */
export function evaluateText(template: Template, scope: JsonObject, meter = new Meter()): Json {
  switch (template.kind) {
    case 'literal':
      return template.text;
    case 'expression':
      return template.expression.evaluate(scope, meter);
    case 'interpolation': {
      let made = '';
      for (const part of template.parts) {
        const piece = part.kind === 'text' ? part.text : textOf(part.expression.evaluate(scope, meter), part);
        meter.text(piece.length, made.length);
        made += piece;
      }
      return made;
    }
  }
}

function textOf(value: Json, { expression, at }: Extract<TemplatePart, { kind: 'expression' }>): string {
  if (typeof value === 'string') return value;
  if (value !== null) return canonical(value);
  const remedy = "give a default, such as {{ x || 'none' }}";
  throw new ExpressionError('EXPR_NULL', `\`${expression.text}\` is null, and null cannot stand in a text`, remedy, at);
}
