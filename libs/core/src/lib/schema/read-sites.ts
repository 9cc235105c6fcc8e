import { pointerTo } from '../document/json-pointer';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { nearestName } from '../foundation/nearest-name';
import { FORMATS, REFUSED_FORMATS } from './formats';
import { KEYWORDS, REFUSED_KEYWORDS, TYPES, type Shape } from './keyword';
import { compilePattern } from './pattern';
import type { SchemaFaults } from './schema-fault';
import type { Subschema, Resource, Site } from './site';
import { resolveUri } from './uri';

/** Maximum number of schemas in one schema, and their maximum nesting. */
const MAX_SITES = 20_000;
const MAX_SCHEMA_DEPTH = 64;

/** The only supported dialect. */
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const PATTERN_REMEDY =
  'Write the pattern in RE2 syntax (github.com/google/re2/wiki/Syntax): without look-around and back references.';

/** Every schema in a schema, and the faults of their form. */
export interface SitesRead {
  readonly root: Site | null;
  /** By place, each before the ones in it. */
  readonly sites: ReadonlyMap<string, Site>;
  /** By URI. */
  readonly resources: ReadonlyMap<string, Resource>;
}

/** Reads the form of a schema: its keywords, and whether their values have the right form. References are not followed. */
export function readSites(schema: Json, faults: SchemaFaults): SitesRead {
  const reading = new Reading(faults);
  const root = reading.site(schema, '', null, 0);
  return { root, sites: reading.sites, resources: reading.resources };
}

class Reading {
  readonly sites = new Map<string, Site>();
  readonly resources = new Map<string, Resource>();
  private isOver = false;

  constructor(private readonly faults: SchemaFaults) {}

  site(schema: Json, pointer: string, around: Resource | null, depth: number): Site | null {
    if (typeof schema !== 'boolean' && !isJsonObject(schema)) {
      this.faults.add(pointer, 'a schema is an object, true or false');
      return null;
    }
    if (this.isOver) return null;
    if (this.sites.size >= MAX_SITES || depth > MAX_SCHEMA_DEPTH) {
      this.isOver = true;
      const limit = depth > MAX_SCHEMA_DEPTH ? `${MAX_SCHEMA_DEPTH} levels` : `${MAX_SITES} schemas in it`;
      this.faults.add(pointer, `it has more than ${limit}`, 'Make the schema smaller.');
      return null;
    }
    const resource = this.resourceOf(schema, pointer, around);
    const parts: Subschema[] = [];
    const site: Site = { pointer, schema, resource, parts };
    this.sites.set(pointer, site);
    if (typeof schema !== 'boolean') {
      this.nameAnchors(schema, site);
      for (const [name, value] of Object.entries(schema)) this.keyword(name, value, site, parts, depth);
      if (schema['nullable'] !== undefined && schema['type'] === undefined)
        this.faults.addAtKey(
          `${pointer}/nullable`,
          'nullable means nothing without type',
          'Add type, or remove nullable.',
        );
    }
    return site;
  }

  private resourceOf(schema: JsonObject | boolean, pointer: string, around: Resource | null): Resource {
    const id = typeof schema === 'boolean' ? undefined : schema['$id'];
    if (around !== null && typeof id !== 'string') return around;
    const uri = resolveUri(around?.uri ?? '', typeof id === 'string' ? id : '');
    const resource: Resource = { uri, pointer, anchors: new Map(), dynamic: new Map() };
    if (this.resources.has(uri))
      this.faults.add(`${pointer}/$id`, 'two schemas have this $id', 'Give each its own $id.');
    this.resources.set(uri, resource);
    return resource;
  }

  private nameAnchors(schema: JsonObject, site: Site): void {
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const name = schema[keyword];
      if (typeof name !== 'string') continue;
      const { anchors, dynamic } = site.resource;
      const known = anchors.get(name);
      if (known !== undefined && known !== site)
        this.faults.add(`${site.pointer}/${keyword}`, 'two schemas have this anchor', 'Give each its own anchor.');
      anchors.set(name, site);
      if (keyword === '$dynamicAnchor') dynamic.set(name, site);
    }
  }

  private keyword(name: string, value: Json, site: Site, parts: Subschema[], depth: number): void {
    const at = pointerTo(site.pointer, name);
    const keyword = KEYWORDS.get(name);
    if (keyword === undefined) {
      const near = nearestName(name, KEYWORDS.keys());
      const otherwise = 'Remove it: a keyword that is not known would check nothing.';
      const remedy = REFUSED_KEYWORDS.get(name) ?? (near === null ? otherwise : `Did you mean ${near}?`);
      return this.faults.addAtKey(at, `${shown(name)} is no keyword of draft 2020-12`, remedy);
    }
    const inside = (part: Json, pointer: string): void => {
      const read = this.site(part, pointer, site.resource, depth + 1);
      if (read !== null) parts.push({ keyword: name, site: read });
    };
    switch (keyword.shape) {
      case 'schema':
        return inside(value, at);
      case 'schemas':
        if (!isJsonArray(value) || value.length === 0)
          return this.faults.add(at, 'must be a list of at least one schema');
        return value.forEach((part, index) => inside(part, pointerTo(at, index)));
      case 'schema-map':
      case 'pattern-map':
      case 'dependencies':
        if (!isJsonObject(value)) return this.faults.add(at, 'must be an object of schemas');
        for (const [member, part] of Object.entries(value)) {
          const pointer = pointerTo(at, member);
          if (keyword.shape === 'pattern-map') this.pattern(member, pointer, true);
          if (keyword.shape === 'dependencies' && isJsonArray(part)) this.names(part, pointer);
          else inside(part, pointer);
        }
        return;
      default:
        return this.plain(keyword.shape, value, at);
    }
  }

  /** A keyword without schemas. */
  private plain(
    shape: Exclude<Shape, 'schema' | 'schemas' | `${string}-map` | 'dependencies'> | 'names-map',
    value: Json,
    at: string,
  ): void {
    const must = (holds: boolean, what: string, remedy: string | null = null): void => {
      if (!holds) this.faults.add(at, `must be ${what}`, remedy);
    };
    switch (shape) {
      case 'any':
        return;
      case 'boolean':
        return must(typeof value === 'boolean', 'true or false');
      case 'text':
        return must(typeof value === 'string', 'a text');
      case 'list':
        return must(isJsonArray(value), 'a list');
      case 'flags':
        return must(isJsonObject(value) && Object.values(value).every((one) => typeof one === 'boolean'), 'an object of true and false'); // prettier-ignore
      case 'number':
        return must(typeof value === 'number', 'a number');
      case 'positive':
        return must(typeof value === 'number' && value > 0, 'a number above 0');
      case 'count':
        return must(
          typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
          'a whole number, 0 or more',
        );
      case 'choices':
        return must(isJsonArray(value) && value.length > 0, 'a list of at least one value');
      case 'names':
        return this.names(value, at);
      case 'names-map':
        if (!isJsonObject(value)) return must(false, 'an object of lists of names');
        for (const [name, names] of Object.entries(value)) this.names(names, pointerTo(at, name));
        return;
      case 'type':
        return this.type(value, at);
      case 'pattern':
        return typeof value === 'string' ? this.pattern(value, at, false) : must(false, 'a text');
      case 'format':
        return typeof value === 'string' ? this.format(value, at) : must(false, 'a text');
      case 'dialect':
        return must(typeof value === 'string' && value.replace(/#$/, '') === DIALECT, DIALECT, 'Write a schema of draft 2020-12: other dialects are not read.'); // prettier-ignore
      case 'id':
        return must(typeof value === 'string' && /^[^#\s]+#?$/.test(value), 'a URI without fragment');
      case 'anchor':
        return must(typeof value === 'string' && /^[A-Za-z_][-A-Za-z0-9._]*$/.test(value), 'a name: a letter or _, then letters, digits, - . _'); // prettier-ignore
      case 'reference':
        return must(typeof value === 'string', 'a URI reference');
    }
  }

  private names(value: Json, at: string): void {
    const isList = isJsonArray(value) && value.every((name) => typeof name === 'string');
    if (!isList || new Set(value).size !== value.length) this.faults.add(at, 'must be a list of different names');
  }

  private type(value: Json, at: string): void {
    const known = (name: Json): boolean => TYPES.some((type) => type === name);
    if (known(value) || (isJsonArray(value) && value.length > 0 && value.every(known) && new Set(value).size === value.length)) return; // prettier-ignore
    const near = typeof value === 'string' ? nearestName(value, TYPES) : null;
    this.faults.add(at, `must be one of ${TYPES.join(', ')}, or a list of them`, near && `Did you mean ${near}?`);
  }

  private pattern(value: string, at: string, atKey: boolean): void {
    const compiled = compilePattern(value);
    if (typeof compiled !== 'string') return;
    if (atKey) this.faults.addAtKey(at, compiled, PATTERN_REMEDY);
    else this.faults.add(at, compiled, PATTERN_REMEDY);
  }

  private format(value: string, at: string): void {
    if (FORMATS.has(value)) return;
    const near = nearestName(value, FORMATS.keys());
    const otherwise = `The formats are ${[...FORMATS.keys()].join(', ')}.`;
    const remedy = REFUSED_FORMATS.get(value) ?? (near === null ? otherwise : `Did you mean ${near}?`);
    this.faults.add(at, `the format ${shown(value)} is not known`, remedy);
  }
}

function shown(name: string): string {
  return /^[\x21-\x7e]{1,80}$/.test(name) ? name : JSON.stringify(name.slice(0, 80)).replace(/[^\x20-\x7e]/g, '?');
}
