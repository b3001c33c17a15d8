/** Whether two hosts belong to the same owner (registrable domain), on the safe side: without the public suffix list, when in doubt no. */
import { isIP } from 'node:net';

/** Suffixes below which strangers get names. Under these only the very same host is trusted. */
const SHARED = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'azurecr.io',
  'azurecr.cn',
  'azurewebsites.net',
  'cloudapp.azure.com',
  'cloudfront.net',
  'core.windows.net',
  'digitaloceanspaces.com',
  'fly.dev',
  'github.io',
  'githubusercontent.com',
  'gitlab.io',
  'googleapis.com',
  'googleusercontent.com',
  'appspot.com',
  'run.app',
  'web.app',
  'herokuapp.com',
  'netlify.app',
  'ngrok.io',
  'ngrok.app',
  'ngrok-free.app',
  'nip.io',
  'sslip.io',
  'onrender.com',
  'pages.dev',
  'pkg.dev',
  'trycloudflare.com',
  'vercel.app',
  'workers.dev',
  'duckdns.org',
  'dyndns.org',
  'no-ip.org',
];

/** Second levels that registries of country domains sell below: co.uk, com.au, ac.jp … */
const SECOND_LEVEL = /^(?:[a-z]{1,3}|info|name|gouv|asso|conf|firm)$/;

/** Where these registries say their tokens come from. */
const PINNED: Readonly<Record<string, readonly string[]>> = {
  'registry-1.docker.io': ['auth.docker.io'],
  'dhi.io': ['auth.docker.io'],
};

/** @param host of the registry's API @param realm host of the token service */
export function mayShareCredentials(host: string, realm: string): boolean {
  if (host === realm || PINNED[host]?.includes(realm)) return true;
  if (isIP(host) !== 0 || isIP(realm) !== 0) return false;
  const site = registrable(host);
  return site !== undefined && site === registrable(realm);
}

/** `a.b.example.co.uk` → `example.co.uk`; undefined where that cannot be told. */
export function registrable(host: string): string | undefined {
  if (SHARED.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))) return undefined;
  const labels = host.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const publicLabels = top.length === 2 && SECOND_LEVEL.test(second) ? 2 : 1;
  if (labels.length <= publicLabels) return undefined;
  return labels.slice(-publicLabels - 1).join('.');
}
