/** Which proxy the environment asks for (as curl and Go read it: lower case first, loopback never through a proxy). Pure. */
import { BlockList, isIP } from 'node:net';
import { TsrunError } from '../errors.js';
import { bareHost, isLoopback } from './loopback.js';

export interface ProxySetting {
  /** origin of the proxy, without credentials */
  uri: string;
  /** value of Proxy-Authorization */
  authorization?: string;
  /** what must never be shown */
  secrets: string[];
}

/** The proxy for requests to `url`, or undefined for a direct connection. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): ProxySetting | undefined {
  if (isLoopback(url)) return undefined;
  const secure = url.protocol === 'https:';
  const name = ['', 'ALL_PROXY', secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'].reduceRight((found, one) => found || setting(env, one), '');
  const value = name === '' ? undefined : env[name];
  if (!value || isExempt(url, env['no_proxy'] || env['NO_PROXY'] || '')) return undefined;
  return parseProxy(value, name);
}

/** The variable that is set, in its spelling; '' when none is. */
function setting(env: NodeJS.ProcessEnv, upper: string): string {
  return [upper.toLowerCase(), upper].find((name) => name !== '' && env[name]) ?? '';
}

function parseProxy(value: string, name: string): ProxySetting {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The value itself is never shown: it may hold a password.
  if (!url?.hostname) throw badProxy(`${name} is not a URL`, `set ${name} to http://HOST:PORT, or unset it`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw badProxy(
      `${name} asks for a ${url.protocol.slice(0, -1)} proxy, which is not supported`,
      `set ${name} to an http:// or https:// proxy`,
    );
  }
  const uri = url.origin;
  if (url.username === '' && url.password === '') return { uri, secrets: [] };
  const user = decode(url.username, name);
  const password = decode(url.password, name);
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  return { uri, authorization: `Basic ${encoded}`, secrets: [password, url.password, encoded] };
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badProxy(`the credentials in ${name} are not valid URL encoding`, 'write a percent sign as %25');
  }
}

/**
 * NO_PROXY: a list of `*`, names (which cover their subdomains; `*.name` covers these alone), addresses, CIDR ranges, each with an optional port.
 * Where curl and Go differ (`.name` is the name itself, too, for curl) it is curl's rule. Names are not looked up for the ranges, as in both.
 */
function isExempt(url: URL, list: string): boolean {
  const host = bareHost(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const cidr = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (cidr) return inSubnet(host, cidr[1] as string, Number(cidr[2]));
  if (isIP(entry) === 6) return isSameAddress(host, entry);
  const parts = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry);
  if (parts?.[2] !== undefined && parts[2] !== port) return false;
  const written = parts?.[1] ?? entry;
  const name = written.replace(/^\*?\.|^\[|\]$/g, '').replace(/\.$/, '');
  if (name === '') return false;
  if (isIP(host) !== 0) return isSameAddress(host, name);
  return host.endsWith(`.${name}`) || (host === name && !written.startsWith('*.'));
}

/** One address has many spellings. */
function isSameAddress(host: string, address: string): boolean {
  return inSubnet(host, address, isIP(address) === 4 ? 32 : 128);
}

function inSubnet(host: string, network: string, bits: number): boolean {
  const version = isIP(network);
  if (version === 0 || version !== isIP(host) || bits > (version === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, version === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function badProxy(message: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', message, { hint });
}
