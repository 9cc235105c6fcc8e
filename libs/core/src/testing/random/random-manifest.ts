import fc from 'fast-check';
import { isJsonObject, type Json, type JsonObject } from '../../lib/foundation/json';
import { Speller } from '../manifest-spelling';

// Random manifests. A value of fast-check is a plain tree of choices, so that it shrinks; `manifestOf` makes a sound manifest of it.

/** A step to be: what it is, and choices about its fields. */
export interface Sprout {
  readonly kind: 'run' | 'group' | 'parallel' | 'map' | 'loop' | 'conditional' | 'approval' | 'policy';
  /** Each field takes its own number from here. */
  readonly choices: readonly number[];
  readonly children: readonly Sprout[];
}

/** A manifest to be. */
export interface Seedling {
  readonly choices: readonly number[];
  readonly steps: readonly Sprout[];
}

const choices = fc.array(fc.nat(99), { minLength: 12, maxLength: 12 });
/** Policies over what a simulation knows too: they allow, deny and, of a short list, give no decision. */
const POLICIES = [
  'false',
  'true',
  'params.n < 5',
  'inputs.flag || size(inputs.list) > 1',
  "{'allow': inputs.count < 4, 'reasons': [string(params.n) + ' of ' + plan.pack.name]}",
  "inputs.list.exists(x, x == 'y')",
  "inputs.list[1] == 'y'",
];
const leafKinds = ['run', 'run', 'run', 'approval', 'policy'] as const;

/** Which kinds of step there may be: those that a version of the planner takes. */
export function seedlings(kinds: readonly Sprout['kind'][]): fc.Arbitrary<Seedling> {
  const { sprout } = fc.letrec<{ sprout: Sprout }>((tie) => ({
    sprout: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'steps' },
      fc.record({ kind: fc.constantFrom(...leafKinds), choices, children: fc.constant([]) }),
      fc.record({
        kind: fc.constantFrom(...kinds),
        choices,
        children: fc.array(tie('sprout'), { minLength: 1, maxLength: 4, depthIdentifier: 'steps' }),
      }),
    ),
  }));
  return fc.record({ choices, steps: fc.array(sprout, { minLength: 1, maxLength: 6 }) });
}

/** What a step may read: ids that are over when it begins. */
interface Around {
  readonly visible: readonly string[];
  readonly together: boolean;
}

/** Makes manifests; two of one seedling mean the same, however they are spelled. */
class Gardener {
  private next = 0;

  constructor(
    private readonly speller: Speller,
    private readonly reads: boolean,
  ) {}

  manifest({ choices: c, steps }: Seedling): JsonObject {
    const { speller } = this;
    const list = this.list(steps, { visible: [], together: false });
    const first = idOf(list[0]);
    return {
      apiVersion: 'stellaops.io/pack.v1',
      kind: 'TaskPack',
      metadata: { name: 'random', version: '1.0.0', ...(at(c, 0, 2) ? {} : { tags: speller.set(['a', 'b']) }) },
      spec: {
        inputs: speller.named([
          { name: 'flag', type: 'boolean', default: at(c, 1, 2) === 0 },
          { name: 'count', type: 'integer', default: at(c, 2, 6) },
          { name: 'list', type: 'array', default: ['x', 'y', 'z'].slice(0, at(c, 3, 4)) },
          { name: 'name', type: 'string', default: 'a' },
        ]),
        secrets: [{ name: 'key' }],
        approvals: speller.named([
          { id: 'owners', grants: speller.set(['role:sec-lead', 'packs.approve']), expiresAfter: speller.duration(60) },
          { id: 'strict', grants: ['role:sec-lead'], minApprovals: 2 },
        ]),
        policies: [
          { id: 'soft', engine: 'cel', source: POLICIES[at(c, 4, POLICIES.length)] ?? 'true', level: 'soft-mandatory' },
        ],
        ...(at(c, 5, 3) ? {} : { concurrency: { group: speller.text('group-{{ inputs.name }}') } }),
        ...(at(c, 6, 3) ? {} : { timeout: speller.duration(3_600) }),
        ...(at(c, 7, 3) ? {} : { failure: { retries: this.retries(c) } }),
        ...(at(c, 8, 3) ? {} : { success: { message: speller.text('{{ inputs.name }} is done') } }),
        ...(at(c, 9, 3)
          ? {}
          : { outputs: [{ name: 'first', type: 'string', value: speller.text(`{{ steps.${first}.status }}`) }] }),
        steps: list,
      },
    };
  }

  private list(sprouts: readonly Sprout[], { visible, together }: Around): readonly Json[] {
    const earlier: string[] = [];
    return sprouts.map((sprout) => {
      const id = `s${this.next++}`;
      const stated = at(sprout.choices, 0, together ? 2 : 4) === 0;
      const needs = earlier.filter((_, place) => at(sprout.choices, place + 1, 2) === 0);
      const over = stated ? needs : together ? [] : earlier;
      const step = this.step(id, sprout, [...visible, ...over], stated ? needs : null);
      earlier.push(id);
      return step;
    });
  }

  private step(id: string, sprout: Sprout, visible: readonly string[], needs: readonly string[] | null): Json {
    const { kind, choices: c, children } = sprout;
    const { speller } = this;
    const gate = kind === 'approval' || kind === 'policy';
    const common = {
      id,
      ...(needs === null ? {} : { needs: speller.set(needs) }),
      ...(at(c, 1, 5) ? {} : { name: `Step ${id}` }),
      ...(at(c, 2, 4) ? {} : { when: this.condition(c, gate ? [] : visible) }),
      ...(gate || at(c, 3, 4) ? {} : { runOn: at(c, 4, 2) ? 'failure' : 'always' }),
      ...(at(c, 5, 9) || gate ? {} : { timeout: speller.duration(600) }),
      ...(at(c, 6, 9) ? {} : { workers: speller.set(['big', 'fast']) }),
    };
    if (kind === 'run') return { ...common, ...this.run(c, visible) };
    if (kind === 'approval') {
      const message = speller.text(this.text(c, visible));
      return { ...common, ...speller.approval({ approval: at(c, 7, 3) ? 'owners' : 'strict', message }) };
    }
    if (kind === 'policy')
      return { ...common, ...speller.policy({ policy: 'soft', with: { n: at(c, 7, 9) }, overrideApproval: 'strict' }) };
    const continueOnError = at(c, 7, 3) === 0;
    if (kind === 'group')
      return { ...common, continueOnError, group: { steps: this.list(children, { visible, together: false }) } };
    if (kind === 'parallel') {
      const width = at(c, 8, 3);
      const steps = this.list(children, { visible, together: true });
      return { ...common, parallel: { steps, continueOnError, ...(width > 0 ? { maxParallel: width } : {}) } };
    }
    if (kind === 'map') {
      const steps = this.list(children, { visible, together: false });
      const items = at(c, 8, 2) ? speller.text('{{ inputs.list }}') : [1, 2];
      const last = idOf(steps.at(-1));
      const outputs = at(c, 9, 2) ? {} : { outputs: { last: speller.text(`{{ steps.${last}.status }}`) } };
      const width = at(c, 10, 3);
      return {
        ...common,
        map: {
          items,
          ...speller.body(steps),
          ...outputs,
          continueOnError,
          ...(width > 0 ? { maxParallel: width } : {}),
        },
      };
    }
    if (kind === 'loop') {
      const body = this.list(children, { visible, together: false });
      const last = idOf(body.at(-1));
      return {
        ...common,
        loop: {
          items: at(c, 8, 2) ? { expression: speller.text('{{ inputs.list }}') } : { range: { start: 1, end: 3 } },
          ...(at(c, 9, 2) ? {} : { until: speller.text(`{{ steps.${last}.status == 'failed' }}`) }),
          maxIterations: 4,
          body,
        },
      };
    }
    const half = Math.ceil(children.length / 2);
    const otherwise = children.slice(half);
    const around = { visible, together: false };
    const branch = { when: this.condition(c, visible), steps: this.list(children.slice(0, half), around) };
    return {
      ...common,
      ...speller.conditional([branch], otherwise.length === 0 ? null : this.list(otherwise, around), continueOnError),
    };
  }

  private run(c: readonly number[], visible: readonly string[]): JsonObject {
    const { speller } = this;
    const own = {
      ...(at(c, 7, 3) ? {} : { retries: this.retries(c) }),
      ...(at(c, 8, 4) ? {} : { continueOnError: true }),
    };
    const text = speller.text(this.text(c, visible));
    switch (at(c, 9, 5)) {
      case 0:
        return { ...own, run: { uses: 'builtin:noop', with: { text } } };
      case 1:
        return { ...own, run: { uses: 'builtin:transform', with: { outputs: { text } } } };
      case 2:
        return {
          run: { uses: 'builtin:wait', with: { for: speller.duration(90) } },
        };
      default:
        return {
          ...own,
          ...(at(c, 10, 3) ? {} : { effects: 'once' }),
          run: {
            uses: speller.command(),
            with: { command: ['do', text] },
            env: { TEXT: text },
            ...(at(c, 11, 3)
              ? {}
              : {
                  secrets: ['key'],
                  egress: speller.set(['https://a.test', 'https://b.test']).map((url) => ({ url })),
                }),
          },
        };
    }
  }

  private retries(c: readonly number[]): JsonObject {
    return this.speller.retries(1 + at(c, 10, 3), 2 + at(c, 11, 3));
  }

  private condition(c: readonly number[], visible: readonly string[]): Json {
    const read = this.read(c, visible);
    const all = [
      '{{ not inputs.flag }}',
      '{{ inputs.flag }}',
      '{{ inputs.count > 3 and inputs.flag }}',
      ...(read === null ? [] : [`{{ steps.${read}.status == 'succeeded' }}`, `{{ steps.${read}.status != 'failed' }}`]),
    ];
    return this.speller.text(all[at(c, 11, all.length)] ?? 'true');
  }

  private text(c: readonly number[], visible: readonly string[]): string {
    const read = this.read(c, visible);
    return read === null ? 'for {{ inputs.name }}' : `after {{ steps.${read}.status }} of {{ inputs.count + 1 }}`;
  }

  private read(c: readonly number[], visible: readonly string[]): string | null {
    return !this.reads || visible.length === 0 ? null : (visible[at(c, 10, visible.length)] ?? null);
  }
}

function idOf(step: Json | undefined): string {
  const id = isJsonObject(step ?? null) ? (step as JsonObject)['id'] : null;
  if (typeof id !== 'string') throw new TypeError('a step has an id');
  return id;
}

/** A choice: a number below `of`. */
function at(from: readonly number[], place: number, of: number): number {
  return (from[place % from.length] ?? 0) % of;
}

/** The manifest of a seedling. `reads` false: no step reads another. `spelling`: choices of spelling; none is the canonical one. */
export function manifestOf(seedling: Seedling, reads: boolean, spelling: readonly number[] = []): JsonObject {
  return new Gardener(new Speller(spelling), reads).manifest(seedling);
}
