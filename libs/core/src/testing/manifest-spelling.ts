import { stringify } from 'yaml';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../lib/foundation/json';

/** Chooses among spellings that mean the same: without choices always the canonical one. */
export class Speller {
  private next = 0;

  constructor(private readonly choices: readonly number[]) {}

  private choose(of: number): number {
    return this.choices.length === 0 ? 0 : (this.choices[this.next++ % this.choices.length] ?? 0) % of;
  }

  /** Names whose order means nothing. */
  set(names: readonly string[]): readonly string[] {
    return this.choose(2) === 0 ? names : [...names].reverse();
  }

  /** Declarations whose order means nothing. */
  named<T>(declarations: readonly T[]): readonly T[] {
    return this.choose(2) === 0 ? declarations : [...declarations].reverse();
  }

  duration(seconds: number): string {
    return [`PT${seconds}S`, `${seconds}s`, `P0DT${seconds}.0S`][this.choose(3)] ?? '';
  }

  command(): string {
    return this.choose(2) === 0 ? 'builtin:command' : 'builtin:cli-command';
  }

  /** A text with expressions, in one of their spellings. */
  text(canonical: string): string {
    switch (this.choose(3)) {
      case 1:
        return canonical.replace(
          /\{\{ (.*?) \}\}/g,
          (_, inner: string) => `{{${inner.replaceAll(/ (==|!=|>) /g, '$1')}}}`,
        );
      case 2:
        return canonical.replace(
          /\{\{ (.*?) \}\}/g,
          (_, inner: string) =>
            `{{  ${inner.replaceAll('not ', '! ').replaceAll(' and ', ' && ').replaceAll('inputs.', 'inputs . ')} }}`,
        );
      default:
        return canonical;
    }
  }

  approval(gate: JsonObject): JsonObject {
    const { approval = '', ...more } = gate;
    switch (this.choose(3)) {
      case 1:
        return { 'gate.approval': { id: approval, ...more } };
      case 2:
        return { gate: { approval: { id: approval, ...more } } };
      default:
        return { gate };
    }
  }

  policy(gate: JsonObject): JsonObject {
    const { policy = '', with: parameters = {}, overrideApproval = '' } = gate;
    switch (this.choose(3)) {
      case 1:
        return { 'gate.policy': { policy, parameters, overrideApproval } };
      case 2:
        return { type: 'policy-gate', policy, parameters, overrideApproval };
      default:
        return { gate };
    }
  }

  /** The steps of a map. */
  body(steps: readonly Json[]): JsonObject {
    const [only] = steps;
    return steps.length === 1 && only !== undefined && this.choose(2) === 1 ? { step: only } : { steps };
  }

  conditional(
    branches: readonly { when: Json; steps: readonly Json[] }[],
    otherwise: readonly Json[] | null,
    continueOnError: boolean,
  ): JsonObject {
    const rest = otherwise === null ? {} : { else: otherwise };
    switch (this.choose(3)) {
      case 1:
        return {
          type: 'conditional',
          branches: branches.map(({ when, steps }) => ({ when, then: steps })),
          ...rest,
          continueOnError,
        };
      case 2:
        return {
          conditional: { branches: branches.map(({ when, steps }) => ({ when, then: steps })), ...rest },
          continueOnError,
        };
      default:
        return { conditional: { branches, ...rest }, continueOnError };
    }
  }

  /** A fixed delay without jitter. */
  retries(maxAttempts: number, seconds: number): JsonObject {
    return this.choose(2) === 0
      ? { maxAttempts, backoff: `PT${seconds}S`, factor: 1, jitter: false }
      : { maxAttempts, backoffSeconds: seconds };
  }
}

/** A document's text: JSON or YAML, keys in any order, strings quoted one way or another, with comments or without. */
export function written(manifest: JsonObject, choices: readonly number[]): string {
  let next = 0;
  const choose = (of: number): number => (choices[next++ % choices.length] ?? 0) % of;
  const mixed = (value: Json): Json => {
    if (isJsonArray(value)) return value.map(mixed);
    if (!isJsonObject(value)) return value;
    const keyed = Object.entries(value).map(([name, one]) => ({ name, one, key: choose(1_000) }));
    return Object.fromEntries(keyed.sort((a, b) => a.key - b.key).map(({ name, one }) => [name, mixed(one)]));
  };
  const value = mixed(manifest);
  const form = choose(4);
  if (form === 0) return JSON.stringify(value, null, choose(3));
  const text = stringify(value, {
    defaultStringType: (['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'] as const)[choose(3)] ?? 'PLAIN',
    collectionStyle: form === 1 ? 'flow' : 'block',
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
  return choose(2) === 0 ? text : `# a comment\n${text}# another\n`;
}
