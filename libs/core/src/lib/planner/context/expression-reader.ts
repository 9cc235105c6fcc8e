import { pointerTo } from '../../document/json-pointer';
import type { Expression } from '../../expression/expression';
import type { ExpressionFault } from '../../expression/expression-fault';
import {
  ANY_TYPE,
  arrayType,
  BOOLEAN_TYPE,
  describeType,
  joinTypes,
  nullable,
  objectType,
  STRING_TYPE,
  typeOfValue,
  type StaticType,
} from '../../expression/static-type';
import { parseTemplate, type ParsedTemplate } from '../../expression/template';
import { isJsonArray, isJsonObject, type Json } from '../../foundation/json';
import type { Faults } from './faults';
import { RESPONSE } from '../../plan/builtin-executors';
import { typeOf } from '../../plan/executor-descriptor';
import { FAILED_TYPE, FIELDS, LATE_TYPES, PACK_TYPE, type FieldRule } from './field-rule';
import type { FieldReading, PackNames, Place, Tally } from './field-reading';
import type { Scope } from './planned-step';
import { ReferenceReader } from './reference-reader';

/** Reads the expressions in the fields of a pack: canonical spelling, types, reads, and every fault with its place. */
export class ExpressionReader {
  private readonly parsed = new Map<string, ParsedTemplate>();
  private readonly roots = new Map<Scope, Map<string, Readonly<Record<string, StaticType>>>>();
  /** Inputs that decide what runs. If null is among them, all of them. */
  readonly controlling = new Set<string | null>();
  private readonly references: ReferenceReader;

  constructor(
    private readonly names: PackNames,
    private readonly faults: Faults,
  ) {
    this.references = new ReferenceReader(names, faults, this.controlling);
  }

  /** The type of `inputs` in a policy, where a sensitive one is `{sensitive: true}`. */
  policyInputs(): StaticType {
    const { inputs, sensitive } = this.names;
    if (inputs.fields === undefined || sensitive.size === 0) return inputs;
    const hidden = nullable(objectType({ sensitive: BOOLEAN_TYPE }));
    const fields = Object.entries(inputs.fields).map(([name, type]) => [name, sensitive.has(name) ? hidden : type]);
    return { ...inputs, fields: Object.fromEntries(fields) as Record<string, StaticType> };
  }

  /** A JSON value in which every text may contain expressions. */
  json(value: Json, at: string, place: Place, rule: FieldRule): FieldReading {
    const tally: Tally = { late: false, local: false, constant: true, sensitive: false, faulty: false };
    const [canonical, type] = this.walk(value, at, place, rule, tally);
    return { canonical, type, ...tally };
  }

  /** A condition: one boolean expression. Returns its text without braces; null if it is invalid. */
  condition(text: string, at: string, place: Place, rule: FieldRule): string | null {
    const reading = this.json(text, at, place, rule);
    const { canonical } = reading;
    if (reading.faulty || typeof canonical !== 'string') return null;
    const inner = expressionText(canonical, this.parse(text));
    if (inner === null || !reading.type.kinds.includes('boolean')) {
      const what = inner === null ? 'a text' : describeType(reading.type);
      const remediation =
        inner === null
          ? 'Use a single expression: "{{ … }}".'
          : 'Compare it, such as x > 0, x != null or length(x) > 0.';
      this.faults.add('EXPR_TYPE', at, `${rule.noun} must be true or false; it is ${what}.`, { remediation });
      return null;
    }
    return inner;
  }

  /** A field without expressions. */
  none(value: Json, at: string): void {
    if (typeof value === 'string') {
      if (value.includes('{{'))
        this.faults.add('EXPR_NOT_ALLOWED', at, 'Expressions are not allowed in this field.', {
          remediation: 'Write the value itself.',
          offset: value.indexOf('{{'),
          text: value,
        });
    } else if (isJsonArray(value)) value.forEach((one, index) => this.none(one, pointerTo(at, index)));
    else if (isJsonObject(value)) for (const [name, one] of Object.entries(value)) this.none(one, pointerTo(at, name));
  }

  private parse(text: string): ParsedTemplate {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    const parsed = parseTemplate(text);
    this.parsed.set(text, parsed);
    return parsed;
  }

  private walk(value: Json, at: string, place: Place, rule: FieldRule, tally: Tally): readonly [Json, StaticType] {
    if (typeof value === 'string')
      return value.includes('{{') ? this.text(value, at, place, rule, tally) : [value, STRING_TYPE];
    if (isJsonArray(value)) {
      const parts = value.map((one, index) => this.walk(one, pointerTo(at, index), place, rule, tally));
      const types = parts.map(([, type]) => type);
      return [
        parts.map(([part]) => part),
        types.length === 0 ? arrayType() : arrayType(types.reduce((a, b) => (a === b ? a : joinTypes(a, b)))),
      ];
    }
    if (isJsonObject(value)) {
      const parts = Object.entries(value).map(([name, one]) => {
        const below = pointerTo(at, name);
        if (name.includes('{{')) {
          tally.faulty = true;
          this.faults.add('EXPR_NOT_ALLOWED', below, 'The name of a member cannot contain an expression.', {
            key: true,
            remediation: 'Build the object with from_items(…), or use a literal name.',
          });
        }
        return [name, this.walk(one, below, place, rule, tally)] as const;
      });
      const members = parts.map(([name, [part]]) => [name, part] as const);
      return [
        Object.fromEntries(members),
        objectType(Object.fromEntries(parts.map(([name, [, type]]) => [name, type]))),
      ];
    }
    return [value, typeOfValue(value)];
  }

  private text(text: string, at: string, place: Place, rule: FieldRule, tally: Tally): readonly [Json, StaticType] {
    tally.constant = false;
    const dollar = text.indexOf('${{');
    if (dollar >= 0)
      this.faults.warn('EXPR_DOLLAR', at, 'The `$` before `{{` is a part of the text.', { offset: dollar, text });
    const parsed = this.parse(text);
    if (parsed.kind === 'faults') {
      tally.faulty = true;
      for (const fault of parsed.faults) this.report(fault, at, text);
      return [text, ANY_TYPE];
    }
    const { template } = parsed;
    switch (template.kind) {
      case 'literal':
        return [text, STRING_TYPE];
      case 'expression':
        return [
          `{{ ${template.expression.text} }}`,
          this.expression(template.expression, text, true, at, place, rule, tally),
        ];
      case 'interpolation': {
        let canonical = '';
        for (const part of template.parts) {
          if (part.kind === 'text') canonical += part.text;
          else {
            this.expression(part.expression, text, false, at, place, rule, tally);
            canonical += `{{ ${part.expression.text} }}`;
          }
        }
        return [canonical, STRING_TYPE];
      }
    }
  }

  private expression(
    expression: Expression,
    text: string,
    whole: boolean,
    at: string,
    place: Place,
    rule: FieldRule,
    tally: Tally,
  ): StaticType {
    const roots = rule === FIELDS.response ? RESPONSE_ROOT : this.rootsAt(place);
    const field = { expression, text, whole, at, place, rule, roots };
    const { steps, refused, sound } = this.references.read(field, tally);
    const { type, faults } = expression.typeOf({ ...roots, ...refused, steps: objectType(steps, !sound) });
    const isUnreadable = this.hasUnreadableNames(place.scope);
    for (const fault of faults) if (!isUnreadable) this.report(fault, at, text);
    if (faults.length > 0 || !sound) tally.faulty = true;
    return sound && faults.length === 0 ? type : ANY_TYPE;
  }

  /** True if an enclosing map or loop gives its items names that could not be read. */
  private hasUnreadableNames({ owner }: Scope): boolean {
    const { unreadable } = this.faults;
    if (unreadable === null || owner === null) return false;
    const at = `${owner.step.at}/${owner.step.body.kind}`;
    return (
      unreadable.isWithin(`${at}/iterator`) ||
      unreadable.isWithin(`${at}/index`) ||
      this.hasUnreadableNames(owner.list.scope)
    );
  }

  private rootsAt({ scope, failed, previous }: Place): Readonly<Record<string, StaticType>> {
    const key = `${failed} ${previous}`;
    let known = this.roots.get(scope);
    // The variables of a scope are set once, before anything in it is read.
    if (known === undefined) this.roots.set(scope, (known = new Map<string, Readonly<Record<string, StaticType>>>()));
    const found = known.get(key);
    if (found !== undefined) return found;
    const roots: Record<string, StaticType> = { inputs: this.names.inputs, pack: PACK_TYPE, ...LATE_TYPES };
    if (failed) roots['failed'] = FAILED_TYPE;
    if (previous) roots['previous'] = scope.loop?.previous ?? ANY_TYPE;
    for (const [name, { type }] of Object.entries(scope.variables)) roots[name] = type;
    known.set(key, roots);
    return roots;
  }

  private report({ code, message, remediation, offset }: ExpressionFault, at: string, text: string): void {
    this.faults.add(code, at, sentence(message), {
      remediation: sentence(remediation),
      offset,
      text,
    });
  }
}

const RESPONSE_ROOT: Readonly<Record<string, StaticType>> = { response: typeOf(RESPONSE) };

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('?') ? '' : '.'}`;
}

function expressionText(canonical: string, parsed: ParsedTemplate): string | null {
  return parsed.kind === 'template' && parsed.template.kind === 'expression' && canonical.startsWith('{{')
    ? parsed.template.expression.text
    : null;
}
