const REDACTED = '[redacted]';

/** Parts of a text that must not appear in a log: pattern → replacement. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  // User and password of a URL.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi, `$1${REDACTED}@`],
  [/\b([Bb]earer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]{8,}/g, `$1 ${REDACTED}`],
  [/\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?/g, REDACTED],
  [/\b((?:[a-z0-9]+[_-])*(?:token|password|passwd|pwd|secret))(["']?\s*[=:]\s*["']?)[^\s&"',;}]+/gi, `$1$2${REDACTED}`],
  [/([?&;](?:code|sig|[a-z0-9_-]*(?:signature|credential|security-token|api-?key)))=[^\s&"'#;]+/gi, `$1=${REDACTED}`],
];

const SECRET_NAME = /^(.*[_-])?(password|passwd|secret|token|authorization|cookie|credentials?|apikey)$/i;

/** Removes passwords, tokens and keys from a text. This is a safety net; it does not permit logging them. */
export function scrub(text: string): string {
  return SECRETS.reduce((left, [pattern, instead]) => left.replace(pattern, instead), text);
}

/** True for names of fields whose values are never shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z])([A-Z])/g, '$1_$2'));
}

export { REDACTED };
