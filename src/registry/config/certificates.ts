/** certs.d: what TLS connections to one host trust besides, and the certificate by which we show who we are (containers-certs.d(5)). */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, errnoWords, TsrunError } from '../../errors.js';
import { DEFAULT_REGISTRY } from '../../reference/name.js';
import { fault, readText } from './text.js';

export interface HostCertificates {
  folder: string;
  /** PEM of authorities that are trusted besides those of all hosts */
  authorities: readonly string[];
  /** PEM, for a server that asks who we are */
  client?: { cert: string; key: string };
}

/** Certificates for connections to exactly this host, or undefined. */
export type CertificatesFor = (url: URL) => HostCertificates | undefined;

/**
 * @param folders each may hold a folder `HOST[:PORT]`; the first that has one counts
 * @param own of one host alone, in place of those: `--cert-dir`
 */
export function certificatesIn(
  folders: readonly string[],
  own?: { folder: string; host: string },
  onDebug: (fact: string) => void = () => {},
): CertificatesFor {
  const known = new Map<string, HostCertificates | undefined>();
  return (url) => {
    const names = hostNames(url);
    const key = names[0] as string;
    if (!known.has(key)) known.set(key, find(names));
    return known.get(key);
  };

  function find(names: readonly string[]): HostCertificates | undefined {
    const isOwn = own !== undefined && names.includes(own.host.toLowerCase());
    const found = isOwn ? readFolder(own.folder, true, onDebug) : firstOf(names);
    if (found !== undefined) onDebug(`certificates for ${names[0]}: ${found.folder}`);
    return found;
  }

  function firstOf(names: readonly string[]): HostCertificates | undefined {
    for (const folder of folders) {
      for (const name of names) {
        const found = readFolder(join(folder, name), false, onDebug);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
}

/** A folder that a user names must be there and of use, also where no request comes to need it. @throws ERR_TSRUN_USAGE, ERR_TSRUN_CONFIG_INVALID */
export function checkCertificates(folder: string): void {
  readFolder(folder, true, () => {});
}

/** As the folder may be called. docker.io is reached at another host. */
function hostNames(url: URL): string[] {
  const host = url.host === 'registry-1.docker.io' ? DEFAULT_REGISTRY : url.host;
  return url.port === '' && url.protocol === 'https:' ? [host, `${host}:443`] : [host];
}

/** A folder of docker's may be closed to other users: then it is not for them. */
function readFolder(folder: string, required: boolean, onDebug: (fact: string) => void): HostCertificates | undefined {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (required) {
      throw new TsrunError('ERR_TSRUN_USAGE', `cannot read the folder of certificates ${folder}: ${errnoWords(code)}`, {
        subject: folder,
        hint: 'name a folder with *.crt, *.cert and *.key files',
        cause: error,
      });
    }
    if (code === 'EACCES') onDebug(`certificates: ${folder}: ${errnoWords(code)}: left aside`);
    else if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fault(folder, undefined, errnoWords(code), error);
    return undefined;
  }
  const client = clientOf(folder, names);
  const authorities = names.filter((name) => name.endsWith('.crt')).flatMap((name) => authoritiesIn(join(folder, name)));
  return { folder, authorities, ...(client === undefined ? {} : { client }) };
}

function authoritiesIn(path: string): string[] {
  const pem = contents(path).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (pem.length === 0) throw fault(path, undefined, 'no PEM certificate in it');
  for (const one of pem) parsed(path, () => new X509Certificate(one), 'it is not a certificate');
  return pem;
}

function clientOf(folder: string, names: readonly string[]): HostCertificates['client'] {
  const bare = (ending: string) => names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  const [certs, keys] = [bare('.cert'), bare('.key')];
  const withoutKey = certs.find((name) => !keys.includes(name));
  if (withoutKey !== undefined) {
    throw fault(
      join(folder, `${withoutKey}.cert`),
      undefined,
      `its key ${withoutKey}.key is not there (an authority's certificate is called *.crt)`,
    );
  }
  const withoutCert = keys.find((name) => !certs.includes(name));
  if (withoutCert !== undefined)
    throw fault(join(folder, `${withoutCert}.key`), undefined, `its certificate ${withoutCert}.cert is not there`);
  const [name, ...more] = certs;
  if (name === undefined) return undefined;
  if (more.length > 0) throw fault(folder, undefined, `it holds several client certificates (${certs.join(', ')}): there can be one`);
  const [cert, key] = [contents(join(folder, `${name}.cert`)), contents(join(folder, `${name}.key`))];
  const certificate = parsed(join(folder, `${name}.cert`), () => new X509Certificate(cert), 'it is not a certificate');
  const secret = parsed(join(folder, `${name}.key`), () => createPrivateKey(key), 'it is not a private key without a password');
  if (!certificate.checkPrivateKey(secret)) throw fault(join(folder, `${name}.key`), undefined, `it is not the key of ${name}.cert`);
  return { cert, key };
}

function contents(path: string): string {
  const text = readText(path);
  if (text === undefined) throw fault(path, undefined, 'it is a link to nowhere');
  return text;
}

/** OpenSSL's own words may quote the file. */
function parsed<T>(path: string, parse: () => T, what: string): T {
  try {
    return parse();
  } catch {
    throw fault(path, undefined, what);
  }
}
