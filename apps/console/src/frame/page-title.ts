import { shownText } from '../shown/shown-text';
import { shortRun } from './short';

const TITLES: Readonly<Record<string, string>> = {
  runs: 'Runs',
  approvals: 'Approvals',
  packs: 'Packs',
  submit: 'Run a pack of your own',
  playground: 'Playground',
  schedules: 'Schedules',
  workers: 'Workers',
  audit: 'Audit',
  verify: 'Verify',
};

/** The title of a page, so that tabs and histories can be told apart. `pathname` is below the console. */
export function pageTitle(pathname: string): string {
  const [area = '', name, part, gate] = pathname.split('/').filter(Boolean).map(decoded);
  return shownText([...wordsOf(area, name, part, gate), 'TaskRunner'].join(' · '));
}

function wordsOf(area: string, name?: string, part?: string, gate?: string): readonly string[] {
  const title = TITLES[area];
  if (title === undefined) return [];
  if (name === undefined) return [title];
  if (area !== 'runs') return [name, title];
  const run = `Run ${shortRun(name)}`;
  if (part === 'gates' && gate !== undefined) return [`Approval ${gate}`, run];
  return part === 'evidence' ? ['Evidence', run] : [run];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
