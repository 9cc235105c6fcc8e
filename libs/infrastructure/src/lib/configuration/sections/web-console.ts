import { duration, flag, httpUrl, list, number, size, text } from '../kinds';
import { key, section, unset } from '../key';
import { GIB, HOUR, MIB, SECOND } from './units';

export const webConsole = section('The web console, which the webservice serves at /console/.', {
  enabled: key(flag, false, 'Serves the console. If false, its routes answer 404.'),
  issuer: unset(
    httpUrl,
    'Issuer at which people sign in; one of authority.issuers. Required if the console is enabled.',
  ),
  clientId: key(
    text,
    'taskrunner-console',
    'Client of the console at the issuer: public, authorization code with PKCE, redirect URI <http.publicUrl>/console/.',
  ),
  scopes: key(
    list(text),
    ['openid', 'packs.read', 'packs.run', 'packs.approve'],
    'Scopes that the console requests. Many issuers give a refresh token only with offline_access.',
  ),
  resource: unset(text, 'Resource indicator (RFC 8707) of the API at the issuer; null: none is sent.'),
  connect: key(
    list(httpUrl),
    [],
    'Further origins that the browser may connect to, such as a token endpoint on another host than the issuer.',
  ),
  refresh: key(duration(SECOND, HOUR), 5 * SECOND, 'Interval at which the console reads lists again.', 's, m'),
  logLines: key(number(100, 1_000_000), 5_000, 'Maximum number of log lines that a browser holds.', 'lines'),
  graphNodes: key(
    number(10, 10_000),
    500,
    'Maximum number of nodes for which the console draws the graph of a run. A larger run is shown as a table of steps only.',
    'nodes',
  ),
  bundleSize: key(
    size(MIB, 2 * GIB),
    256 * MIB,
    'Maximum size of an evidence bundle that a browser reads. The browser holds the bundle in memory. The command line verifies larger bundles.',
    'MiB, GiB',
  ),
});
