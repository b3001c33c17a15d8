/** What TLS connections trust: Node's roots, the caller's extra CA file, and what one host has of its own. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { TsrunError } from '../errors.js';
import type { HostCertificates } from './config/certificates.js';

const LARGEST = 8 * 1024 * 1024;

/**
 * The helper hands NODE_EXTRA_CA_CERTS on as TSRUN_EXTRA_CA_CERTS, because Node 20 would spend 50 ms on it at every start.
 * Undefined when there is no such file: Node's defaults then apply. One context for all connections: parsing the roots takes milliseconds.
 * @param host what one host alone has besides (certs.d)
 */
export function trustedContext(env: NodeJS.ProcessEnv, host?: HostCertificates): SecureContext | undefined {
  const extra = extraAuthorities(env);
  if (host !== undefined) {
    return createSecureContext({ ca: [...rootCertificates, ...(extra ?? []), ...host.authorities], ...host.client });
  }
  return extra === undefined ? undefined : createSecureContext({ ca: [...rootCertificates, ...extra] });
}

function extraAuthorities(env: NodeJS.ProcessEnv): string[] | undefined {
  const variable = env['TSRUN_EXTRA_CA_CERTS'] ? 'TSRUN_EXTRA_CA_CERTS' : 'NODE_EXTRA_CA_CERTS';
  const path = env[variable];
  if (!path) return undefined;
  try {
    if (statSync(path).size > LARGEST) throw new Error(`larger than ${LARGEST} bytes`);
    const pem = readFileSync(path, 'utf8');
    const extra = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    if (extra.length === 0) throw new Error('no PEM certificate in it');
    // createSecureContext leaves out what it cannot read, without a word
    for (const certificate of extra) new X509Certificate(certificate);
    return extra;
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', `cannot use the extra CA file ${path}: ${(cause as Error).message}`, {
      subject: path,
      hint: `let NODE_EXTRA_CA_CERTS name a readable file of PEM certificates, or unset it`,
      cause,
    });
  }
}
