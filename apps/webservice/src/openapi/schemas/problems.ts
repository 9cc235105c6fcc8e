import type { Schema } from '../operation';
import { closed, digest, flag, link, listOf, mapOf, text, whole } from './shapes';

const faultFields = {
  code: text,
  path: text,
  line: { type: ['integer', 'null'] },
  column: { type: ['integer', 'null'] },
  message: text,
  remediation: text,
  aliases: listOf(text),
};
const fault = {
  ...closed({
    ...faultFields,
    file: { ...text, description: 'File of the pack that contains the error. Absent if the error is in the manifest.' },
  }),
  required: Object.keys(faultFields),
};

/** Schemas of errors: the problem of a refused request, and the faults of a pack. */
export const PROBLEM_SCHEMAS = {
  Fault: fault,
  Problem: {
    type: 'object',
    required: [
      'type',
      'title',
      'status',
      'code',
      'detail',
      'remediation',
      'traceId',
      'instance',
      'retryable',
      'errors',
    ],
    properties: {
      type: link,
      title: text,
      status: whole,
      code: text,
      detail: text,
      remediation: text,
      traceId: text,
      instance: text,
      retryable: flag,
      errors: listOf({ $ref: '#/components/schemas/Fault' }),
      planHash: digest,
      receipt: mapOf(digest),
      profileDigest: digest,
    },
  },
} satisfies Readonly<Record<string, Schema>>;
