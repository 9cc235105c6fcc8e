import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { BASE, digest } from './values';

const publishedPack: JsonObject = {
  name: 'image-remediation',
  version: '1.4.0',
  digest: digest('6'),
  contentDigest: digest('a'),
  description: 'Replaces images with known vulnerabilities.',
  registry: 'main',
  visibility: 'private',
  links: { self: `${BASE}/packs/image-remediation/1.4.0` },
};

/** Examples of published packs and step executors. */
export const PACK_EXAMPLES = {
  publishedPack,
  packDetail: {
    ...publishedPack,
    sourceDigest: digest('7'),
    tags: ['images'],
    maintainers: [{ name: 'Ada', email: 'ada@example.org' }],
    license: 'Apache-2.0',
    inputs: [],
    secrets: [],
    approvals: [{ id: 'prod', grants: ['packs.approve'], minApprovals: 2 }],
    signers: ['SHA256:3Wq0'],
    runnable: true,
    refusal: null,
  },
  executors: {
    items: [
      {
        uses: 'builtin:wait',
        version: 1,
        builtin: true,
        effects: { loosest: 'pure', by: null },
        sandboxed: false,
        environments: [
          { mode: 'open', isolation: null },
          { mode: 'sealed', isolation: null },
        ],
        parameters: {
          type: 'object',
          properties: { for: { type: 'string' } },
          required: ['for'],
          additionalProperties: false,
        },
        outputs: {
          from: 'schema',
          schema: { type: 'object', properties: {}, required: [], additionalProperties: false },
          declared: false,
        },
      },
    ],
  },
} satisfies Readonly<Record<string, Json>>;
