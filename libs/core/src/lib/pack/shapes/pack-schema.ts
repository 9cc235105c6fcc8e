import type { JsonObject } from '../../foundation/json';
import { manifest } from './pack-shapes';
import { definitions } from './step-shapes';

/**
 * The JSON Schema (2020-12) of a manifest, generated from the shapes that read it, for editors and other tools. It accepts what the reader
 * accepts; rules that a schema cannot express are in `BEYOND_SCHEMA`. Patterns use RE2 syntax.
 */
export function packSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'taskrunner.pack.v1',
    description: 'A Task Pack: pack.yaml.',
    ...manifest.schema(),
    $defs: definitions(),
  };
}

/** The committed text of the schema: `etc/schemas/taskrunner.pack.v1.schema.json`. */
export function printPackSchema(): string {
  return `${JSON.stringify(packSchema(), null, 2)}\n`;
}
