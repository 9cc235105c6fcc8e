import { pointerTo } from '../../document/json-pointer';
import { isLateBound, type Expression } from '../../expression/expression';
import type { ExpressionFault } from '../../expression/expression-fault';
import type { Reference } from '../../expression/inspect';
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
import {
  isOverBefore,
  namesIn,
  stepNamed,
  viewType,
  type PlannedStep,
  type Scope,
  type StepRead,
} from './planned-step';

/** The place of an expression. */
export interface Place {
  readonly scope: Scope;
  /** The step of the field; null: the end of the scope's list, when all its steps have ended. */
  readonly step: PlannedStep | null;
  /** True if `failed` may be read. */
  readonly failed: boolean;
  /** True inside a loop. */
  readonly previous: boolean;
}

/** A field after reading. */
export interface FieldReading {
  /** With every expression in canonical spelling. */
  readonly canonical: Json;
  readonly type: StaticType;
  /** True if it depends on results of steps, or on items that do. */
  readonly late: boolean;
  /** True if it reads the items of enclosing maps. */
  readonly local: boolean;
  /** True if it contains no expression. */
  readonly constant: boolean;
  /** True if it reads a sensitive input. */
  readonly sensitive: boolean;
  /** True if it had a fault. */
  readonly faulty: boolean;
}

interface Tally {
  late: boolean;
  local: boolean;
  constant: boolean;
  sensitive: boolean;
  faulty: boolean;
}

/** Facts about a pack that are known before its steps are read. */
interface PackNames {
  readonly inputs: StaticType;
  readonly sensitive: ReadonlySet<string>;
  readonly secrets: readonly string[];
  /** Bound secrets. */
  readonly granted: ReadonlySet<string>;
  /** Of an inner pack: inputs that depend on results of its caller's steps, and those that depend on items. */
  readonly late?: ReadonlySet<string>;
  readonly local?: ReadonlySet<string>;
}

/** Reads the expressions in the fields of a pack: canonical spelling, types, reads, and every fault with its place. */
export class ExpressionReader {
  private readonly parsed = new Map<string, ParsedTemplate>();
  private readonly roots = new Map<Scope, Map<string, Readonly<Record<string, StaticType>>>>();
  /** Inputs that decide what runs. If null is among them, all of them. */
  readonly controlling = new Set<string | null>();
  private readonly views = new Map<PlannedStep, StaticType>();

  constructor(
    private readonly names: PackNames,
    private readonly faults: Faults,
  ) {}

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
    const steps: Record<string, StaticType> = {};
    let sound = true;
    const refuse = (
      code: Parameters<Faults['add']>[0],
      message: string,
      reference: Reference,
      remediation?: string,
    ): void => {
      sound = false;
      this.faults.add(code, at, message, {
        offset: reference.offset,
        text,
        ...(remediation === undefined ? {} : { remediation }),
      });
    };
    for (const reference of expression.reads) {
      const { root, path } = reference;
      const known = root === 'steps' || roots[root] !== undefined;
      if (rule.roots !== null && known && !rule.roots.includes(root))
        refuse(
          rule.refusal,
          `${rule.noun} cannot read ${root}.`,
          reference,
          `Available here: ${rule.roots.join(' and ')}.`,
        );
      else if (root === 'secrets') {
        if (typeof reference.path[0] === 'string') place.step?.secrets.push({ name: reference.path[0], at });
        this.secret(expression, whole, reference, rule, refuse);
      } else if (isLateBound(reference)) {
        if (!rule.late)
          refuse('EXPR_LATE_BOUND', `${root} is known only at run time; ${rule.noun} cannot read it.`, reference);
      } else if (root === 'inputs') this.input(reference, rule, tally, refuse);
      else if (root === 'steps') {
        tally.late = true;
        this.stepRead(path[0], reference, at, text, place, rule, steps, refuse);
      } else if (root === 'previous') {
        tally.late = true;
        const of = place.scope.loop?.step;
        if (of !== undefined && known) note(place, { of, control: rule.control, previous: true, at, message: text });
      } else if (root === 'failed') tally.late = true;
      else if (Object.hasOwn(place.scope.variables, root)) {
        tally.local = true;
        if (place.scope.variables[root]?.late === true) tally.late = true;
      }
    }
    const { type, faults } = expression.typeOf({ ...roots, steps: objectType(steps, !sound) });
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

  private input(reference: Reference, rule: FieldRule, tally: Tally, refuse: Refuse): void {
    const [name] = reference.path;
    const one = typeof name === 'string' ? name : null;
    if (rule.control) this.controlling.add(one);
    if (touches(this.names.late, one)) tally.late = true;
    if (touches(this.names.local, one)) tally.local = true;
    const hit = typeof name === 'string' ? this.names.sensitive.has(name) : this.names.sensitive.size > 0;
    if (!hit) return;
    tally.sensitive = true;
    if (!rule.sensitive)
      refuse(
        'SENSITIVE_FLOW',
        `${rule.noun} cannot read ${typeof name === 'string' ? `the sensitive input ${name}` : 'all inputs: some are sensitive'}.`,
        reference,
        rule.remedy,
      );
  }

  private secret(expression: Expression, whole: boolean, reference: Reference, rule: FieldRule, refuse: Refuse): void {
    const [name] = reference.path;
    if (rule.secrets === false)
      return refuse('SENSITIVE_FLOW', `${rule.noun} cannot read secrets.`, reference, rule.remedy);
    if (typeof name !== 'string' || !this.names.secrets.includes(name)) {
      if (this.faults.unreadable?.isWithin('/spec/secrets') === true) return;
      const remediation =
        typeof name === 'string'
          ? this.faults.guess(name, this.names.secrets, 'Declare it in secrets.')
          : 'Use the name of one secret.';
      return refuse('EXPR_UNKNOWN_NAME', `The pack has no secret ${String(name)}.`, reference, remediation);
    }
    const single =
      rule.secrets === 'inside' ||
      (whole && reference.path.length === 1 && expression.text.replaceAll('"', '') === `secrets.${name}`);
    if (!single) refuse('SECRET_USE', `The secret ${name} can only be passed as a whole.`, reference);
    if (!this.names.granted.has(name))
      refuse('SECRET_NOT_GRANTED', `The secret ${name} is not bound in this environment.`, reference);
  }

  private stepRead(
    name: string | number | null | undefined,
    reference: Reference,
    at: string,
    text: string,
    place: Place,
    rule: FieldRule,
    steps: Record<string, StaticType>,
    refuse: Refuse,
  ): void {
    if (typeof name !== 'string')
      return refuse(
        'EXPR_ROOT',
        'This reads all steps.',
        reference,
        'Use the name of a step, such as steps.scan.outputs.',
      );
    const { unreadable } = this.faults;
    const found = stepNamed(place.scope, name);
    if (unreadable !== null && (found === null ? unreadable.aboutNames : unreadable.isWithin(found.step.at))) {
      steps[name] = ANY_TYPE;
      return;
    }
    if (found === null)
      return refuse(
        'EXPR_UNKNOWN_NAME',
        `There is no step ${name} in this scope.`,
        reference,
        this.faults.guess(name, namesIn(place.scope), 'Steps in a map or loop can be read only inside it.'),
      );
    const over =
      place.step !== null
        ? isOverBefore(found, place.step)
        : found.list.scope === place.scope || (place.scope.owner !== null && isOverBefore(found, place.scope.owner));
    if (!over) {
      steps[name] = ANY_TYPE;
      if (unreadable?.aboutSteps === true) return;
      const why = found === place.step ? 'is this step itself' : 'may not have run yet';
      return refuse('EXPR_STEP_ORDER', `The step ${name} ${why}.`, reference);
    }
    let view = this.views.get(found);
    if (view === undefined) this.views.set(found, (view = viewType(found)));
    steps[name] = view;
    note(place, { of: found, control: rule.control, previous: false, at, message: text });
  }
}

function touches(names: ReadonlySet<string> | undefined, one: string | null): boolean {
  return names !== undefined && (one === null ? names.size > 0 : names.has(one));
}

/** Reads at the end of a body count as reads of its map or loop. */
function note({ step, scope }: Place, read: StepRead): void {
  (step ?? scope.owner)?.reads.push(read);
}

const RESPONSE_ROOT: Readonly<Record<string, StaticType>> = { response: typeOf(RESPONSE) };

type Refuse = (code: Parameters<Faults['add']>[0], message: string, reference: Reference, remediation?: string) => void;

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('?') ? '' : '.'}`;
}

function expressionText(canonical: string, parsed: ParsedTemplate): string | null {
  return parsed.kind === 'template' && parsed.template.kind === 'expression' && canonical.startsWith('{{')
    ? parsed.template.expression.text
    : null;
}
