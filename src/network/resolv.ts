/** resolv.conf of a container. Pure. Texts are the host's or the user's: a NUL would be read as the edge of a slot. */
import { isIP } from 'node:net';
import { TsrunError } from '../errors.js';

export interface ResolverOptions {
  dns?: readonly string[];
  dnsSearch?: readonly string[];
  dnsOption?: readonly string[];
}

export interface ResolverInput extends ResolverOptions {
  /** The host's resolv.conf. */
  host: string;
  /** The name server that the network itself offers. */
  offered?: string;
  /** `own`: loopback is another one in there. `shared`: everything is as outside. `none`: nobody answers. */
  reach: 'own' | 'shared' | 'none';
}

/** What the flags say, else what the host says; a resolver on the host's loopback gives way to the network's own. @throws ERR_TSRUN_USAGE */
export function resolvConf({ host, offered, reach, dns = [], dnsSearch = [], dnsOption = [] }: ResolverInput): string {
  check({ dns, dnsSearch, dnsOption });
  const lines = (reach === 'none' ? '' : plain(host)).split('\n').map((line) =>
    line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/),
  );
  const words = (keyword: string) => lines.filter(([first]) => first === keyword).map(([, ...rest]) => rest);
  const asked = dns.length + dnsSearch.length + dnsOption.length > 0;
  if (reach === 'shared' && !asked) return plain(host);
  const inherited = words('nameserver').flatMap(([server]) => server ?? []);
  const servers = dns.length > 0 ? [...dns] : [...new Set(inherited.flatMap((server) => reachable(server, reach, offered)))];
  if (servers.length === 0 && offered !== undefined) servers.push(offered);
  // The last line counts (resolv.conf(5)); a bare dot takes the host's away.
  const search =
    dnsSearch.length > 0
      ? dnsSearch.filter((domain) => domain !== '.')
      : (lines.findLast(([first]) => first === 'search' || first === 'domain')?.slice(1) ?? []);
  const options = dnsOption.length > 0 ? dnsOption : words('options').flat();
  return [
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(search.length > 0 ? [`search ${search.join(' ')}\n`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
    ...(servers.length === 0 ? ['# No network: there is no name server.\n'] : []),
  ].join('');
}

/** A link-local server is one of an interface that the container does not have. */
function reachable(server: string, reach: ResolverInput['reach'], offered: string | undefined): string[] {
  if (reach !== 'own') return [server];
  const isLoopback = /^127\./.test(server) || server === '::1' || server === '0.0.0.0' || server === '::';
  return isLoopback || server.includes('%') || isIP(server) === 0 ? (offered ? [offered] : []) : [server];
}

function check({ dns = [], dnsSearch = [], dnsOption = [] }: ResolverOptions): void {
  for (const server of dns) if (isIP(server) === 0) throw invalid('--dns', server, 'an IP address');
  for (const domain of dnsSearch)
    if (!/^(\.|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?)$/.test(domain)) throw invalid('--dns-search', domain, 'a domain');
  for (const option of dnsOption) if (!/^[A-Za-z0-9:_.-]+$/.test(option)) throw invalid('--dns-option', option, 'an option of resolv.conf');
}

function invalid(flag: string, value: string, wanted: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `${flag} ${JSON.stringify(value)} is not ${wanted}`, {
    subject: value,
    hint: `${flag} takes ${wanted}`,
  });
}

function plain(text: string): string {
  const clean = text.replaceAll('\0', '');
  return clean === '' || clean.endsWith('\n') ? clean : `${clean}\n`;
}
