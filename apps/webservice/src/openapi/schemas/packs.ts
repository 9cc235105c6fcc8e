import type { Schema } from '../operation';
import { anything, closed, digest, flag, link, listOf, mapOf, maybe, maybeText, object, text, whole } from './shapes';

const effects: Schema = { type: 'string', enum: ['pure', 'idempotent', 'once'] };

function publishedPack(more: Readonly<Record<string, Schema>> = {}): Schema {
  return closed({
    name: text,
    version: text,
    digest,
    contentDigest: digest,
    description: maybeText,
    registry: text,
    visibility: { type: 'string', enum: ['private', 'listed', 'public'] },
    links: closed({ self: link }),
    ...more,
  });
}

/** Schemas of published packs and step executors. */
export const PACK_SCHEMAS = {
  PublishedPack: publishedPack(),
  PackDetail: publishedPack({
    sourceDigest: digest,
    tags: listOf(text),
    maintainers: listOf(closed({ name: text, email: maybeText })),
    license: maybeText,
    inputs: listOf(
      closed({
        name: text,
        type: text,
        description: maybeText,
        required: flag,
        default: anything,
        enum: maybe(listOf(anything)),
        schema: anything,
        sensitive: flag,
      }),
    ),
    secrets: listOf(closed({ name: text, description: maybeText, required: flag })),
    approvals: listOf(closed({ id: text, grants: listOf(text), minApprovals: whole })),
    signers: listOf(text),
    runnable: flag,
    refusal: { anyOf: [closed({ code: text, detail: text, remediation: text }), { type: 'null' }] },
  }),
  Executors: closed({
    items: listOf(
      closed({
        uses: text,
        version: whole,
        builtin: flag,
        effects: closed({
          loosest: {
            ...effects,
            description: 'Default effects class of a step. A step cannot declare a looser class.',
          },
          by: {
            ...maybe(closed({ parameter: text, absent: text, usual: mapOf(effects) })),
            description:
              'The value of `parameter` determines the default class. `absent` is the default value of the parameter. Values that `usual` does not list are `once`. Null: no parameter determines the class.',
          },
        }),
        sandboxed: flag,
        environments: listOf(closed({ mode: { type: 'string', enum: ['open', 'sealed'] }, isolation: maybeText })),
        parameters: object,
        outputs: closed({
          from: {
            type: 'string',
            enum: ['schema', 'parameters', 'parameter'],
            description:
              '`parameters`: all parameters are outputs. `parameter`: the outputs are the value of one parameter.',
          },
          schema: {
            ...anything,
            description: 'JSON Schema of the outputs; null: the parameters determine the outputs.',
          },
          declared: { ...flag, description: 'True: a step may declare further outputs.' },
        }),
      }),
    ),
  }),
} satisfies Readonly<Record<string, Schema>>;
