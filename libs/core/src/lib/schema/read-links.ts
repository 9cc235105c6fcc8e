import { pointerNames, pointerTo } from '../document/json-pointer';
import type { SitesRead } from './read-sites';
import type { SchemaFaults } from './schema-fault';
import type { Link, Site } from './site';
import { resolveUri } from './uri';

/** Targets of `$ref` and `$dynamicRef` of a schema, by the place of the keyword. */
export type Links = ReadonlyMap<string, Link>;

const OUTSIDE = 'Copy what it means into $defs, and refer to it there: nothing is read from elsewhere.';

/** Resolves every reference (Core §8.2.3). A reference to the outside of the schema is a fault. */
export function readLinks(read: SitesRead, faults: SchemaFaults): Links {
  const links = new Map<string, Link>();
  for (const site of read.sites.values()) {
    if (typeof site.schema === 'boolean') continue;
    for (const keyword of ['$ref', '$dynamicRef'] as const) {
      const reference = site.schema[keyword];
      if (typeof reference !== 'string') continue;
      const at = `${site.pointer}/${keyword}`;
      const link = follow(reference, site, keyword === '$dynamicRef', read);
      if (typeof link !== 'string') links.set(at, link);
      else faults.add(at, link, link.includes('outside') ? OUTSIDE : null);
    }
  }
  return links;
}

function follow(reference: string, from: Site, isDynamic: boolean, { resources, sites }: SitesRead): Link | string {
  const mark = reference.indexOf('#');
  const uri = resolveUri(from.resource.uri, mark < 0 ? reference : reference.slice(0, mark));
  const resource = resources.get(uri);
  if (resource === undefined) return 'the reference leads outside of the schema';
  let fragment = mark < 0 ? '' : reference.slice(mark + 1);
  try {
    fragment = decodeURIComponent(fragment);
  } catch {
    return 'the reference has an escape that is none';
  }
  if (fragment !== '' && !fragment.startsWith('/')) {
    const target = resource.anchors.get(fragment);
    if (target === undefined) return 'the reference leads to an anchor that no schema has';
    return { target, dynamic: isDynamic && resource.dynamic.get(fragment) === target ? fragment : null };
  }
  const target = sites.get(pointerNames(fragment).reduce<string>(pointerTo, resource.pointer));
  return target === undefined ? 'the reference leads to no schema' : { target, dynamic: null };
}
