import type { EgressRule } from './egress-rule';

/** Suffixes under which anyone can register a host. */
const SHARED_SUFFIXES = [
  'amazonaws.com',
  'appspot.com',
  'azureedge.net',
  'azurewebsites.net',
  'blob.core.windows.net',
  'cloudapp.azure.com',
  'cloudfront.net',
  'firebaseapp.com',
  'github.io',
  'githubusercontent.com',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok.app',
  'ngrok.io',
  'nip.io',
  'onrender.com',
  'pages.dev',
  'run.app',
  'sslip.io',
  'trycloudflare.com',
  'vercel.app',
  'web.app',
  'workers.dev',
];

/** Hosts that forward data to anyone, or that answer for other hosts. */
const RELAYS = [
  'api.telegram.org',
  'cloudflare-dns.com',
  'discord.com',
  'dns.google',
  'dns.quad9.net',
  'gist.githubusercontent.com',
  'hooks.slack.com',
  'pastebin.com',
  'pipedream.net',
  'r.jina.ai',
  'requestbin.com',
  'transfer.sh',
  'translate.goog',
  'web.archive.org',
  'webhook.site',
];

/** A sentence about why a rule allows more than it seems to; null if it does not. It helps authors and is not a security boundary. */
export function broadnessOf({ host }: Pick<EgressRule, 'host'>): string | null {
  if (host === '*') return 'it matches every host';
  const name = host.startsWith('*.') ? host.slice(2) : host;
  if (RELAYS.some((relay) => name === relay || name.endsWith(`.${relay}`))) return 'this host forwards to other hosts';
  if (!host.startsWith('*.')) return null;
  if (!name.includes('.')) return 'it is a whole top-level domain';
  const shared = SHARED_SUFFIXES.some((suffix) => name === suffix || suffix.endsWith(`.${name}`));
  return shared ? 'anyone can register a host below this suffix' : null;
}
