/** What TLS connections trust: Node's roots, and the caller's extra CA file. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { TsrunError } from '../errors.js';

const LARGEST = 8 * 1024 * 1024;

/**
 * The helper hands NODE_EXTRA_CA_CERTS on as TSRUN_EXTRA_CA_CERTS, because Node 20 would spend 50 ms on it at every start.
 * Undefined when there is no such file: Node's defaults then apply. One context for all connections: parsing the roots takes milliseconds.
 */
export function trustedContext(env: NodeJS.ProcessEnv): SecureContext | undefined {
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
    return createSecureContext({ ca: [...rootCertificates, ...extra] });
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', `cannot use the extra CA file ${path}: ${(cause as Error).message}`, {
      subject: path,
      hint: `let NODE_EXTRA_CA_CERTS name a readable file of PEM certificates, or unset it`,
      cause,
    });
  }
}
