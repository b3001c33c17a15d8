/** Errors of the network → TsrunError. What a registry answered is answer-failure.ts. */
import { TsrunError } from '../errors.js';
import { BodyTooLarge } from './body.js';
import type { Send } from './http.js';
import type { Secrets } from './secrets.js';

export interface Peer {
  /** the registry as the user names it */
  registry: string;
  /** host[:port] that was asked */
  host: string;
  /** origin of the proxy in between */
  proxy?: string;
  secrets: Secrets;
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up',
  EAI_FAIL: 'its name cannot be looked up',
  ENETUNREACH: 'the network is unreachable',
  ENETDOWN: 'the network is down',
  EHOSTUNREACH: 'the host is unreachable',
  EHOSTDOWN: 'the host is down',
  EADDRNOTAVAIL: 'the network is unreachable',
  ECONNREFUSED: 'the connection was refused',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  EACCES: 'the connection was forbidden',
  EPERM: 'the connection was forbidden',
};

const CERTIFICATE = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CRL_|INVALID_CA|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;
const TLS = /^(?:EPROTO$|ERR_SSL_|ERR_TLS_|UND_ERR_PRX_TLS)/;

/** '' when there is none. undici's parser errors have lost theirs (it looks the name up in the wrong direction). */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (name === 'HTTPParserError') return 'HPE_INVALID';
  return typeof code === 'string' ? code : '';
}

/** Of ours about the peer's, or of the peer about ours (an alert): TLS is spoken there. */
export function isCertificateError(error: unknown): boolean {
  return CERTIFICATE.test(codeOf(error)) || /^ERR_SSL_.*_ALERT_/.test(codeOf(error));
}

export function interrupted(signal: AbortSignal): TsrunError {
  return new TsrunError('ERR_TSRUN_INTERRUPTED', 'interrupted', { cause: signal.reason });
}

/** The same Send, rejecting with TsrunErrors alone. */
export function explaining(send: Send, peerOf: (request: Parameters<Send>[0]) => Peer, signal: AbortSignal): Send {
  return (request) =>
    send(request).catch((error: unknown) => {
      throw networkError(error, peerOf(request), signal);
    });
}

/** Whatever a Send rejected with. Errors that are a TsrunError already stay as they are. */
export function networkError(error: unknown, peer: Peer, signal: AbortSignal): TsrunError {
  if (error instanceof TsrunError) return error;
  if (signal.aborted) return interrupted(signal);
  const code = codeOf(error);
  const text = peer.secrets.scrub(error instanceof Error ? error.message : String(error));
  const where = peer.host === peer.registry ? peer.registry : `${peer.registry} (${peer.host})`;
  const options = { subject: peer.registry, cause: plainCause(code, text) };
  if (peer.proxy !== undefined && /^Proxy (?:response|Authentication)/.test(text)) {
    return new TsrunError(
      'ERR_TSRUN_REGISTRY_UNREACHABLE',
      `cannot reach ${where}: the proxy ${peer.proxy} refused (${proxyStatus(text)})`,
      {
        ...options,
        hint: /407/.test(text)
          ? 'put the user and password of the proxy into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT'
          : 'ask who runs the proxy to allow this registry, or list the registry in NO_PROXY',
      },
    );
  }
  if (error instanceof BodyTooLarge) {
    return new TsrunError('ERR_TSRUN_REGISTRY_PROTOCOL', `${where} answered with ${text}, where a manifest or a token was expected`, {
      ...options,
      hint: 'check that this host is a container registry',
    });
  }
  const via = peer.proxy === undefined ? '' : ` through the proxy ${peer.proxy}`;
  const why = Object.hasOwn(UNREACHABLE, code) ? UNREACHABLE[code] : undefined;
  if (why !== undefined) {
    return new TsrunError('ERR_TSRUN_REGISTRY_UNREACHABLE', `cannot reach ${where}${via}: ${why}`, {
      ...options,
      hint: peer.proxy === undefined ? unreachableHint(code) : 'check that the proxy runs, and the spelling of HTTPS_PROXY and NO_PROXY',
    });
  }
  if (CERTIFICATE.test(code) || TLS.test(code)) {
    return new TsrunError('ERR_TSRUN_REGISTRY_TLS', `no secure connection to ${where}${via}: ${text}`, { ...options, hint: tlsHint(code) });
  }
  if (/^HPE_|^UND_ERR_HEADERS_OVERFLOW$/.test(code)) {
    return new TsrunError('ERR_TSRUN_REGISTRY_PROTOCOL', `${where} does not answer in proper HTTP: ${text}`, {
      ...options,
      hint: 'check the host and port: this may not be a registry, or a proxy may stand in between',
    });
  }
  // Errors of the network have a code
  if (code === '') {
    return new TsrunError('ERR_TSRUN_INTERNAL', `unexpected failure of a request to ${where}: ${text}`, {
      ...options,
      hint: 'run again with TSRUN_DEBUG=1 and report what it prints',
    });
  }
  return new TsrunError('ERR_TSRUN_REGISTRY_FAILED', `the connection to ${where}${via} broke: ${text}`, { ...options, hint: 'try again' });
}

function proxyStatus(text: string): string {
  const status = /\b(\d{3})\b/.exec(text)?.[1];
  return status === undefined ? text : `HTTP ${status}`;
}

function unreachableHint(code: string): string {
  if (code === 'ENOTFOUND') return 'check the spelling of the registry, and the network';
  if (code === 'ECONNREFUSED') return 'check that the registry runs and the port is right';
  return 'check the network; behind a proxy set HTTPS_PROXY';
}

function tlsHint(code: string): string {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return "check the clock of this machine, or have the registry's certificate renewed";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'use the host name that the certificate is for';
  if (/CERTIFICATE_REQUIRED/.test(code))
    return 'it asks for a client certificate: put client.cert and client.key into ~/.config/containers/certs.d/HOST[:PORT]/, or name their folder with --cert-dir';
  if (CERTIFICATE.test(code))
    return 'put the PEM file of the authority that signed it into ~/.config/containers/certs.d/HOST[:PORT]/ as ca.crt, or let NODE_EXTRA_CA_CERTS name it; --tls-verify=false only if you trust the network';
  return 'if the registry speaks plain http, use --tls-verify=false';
}

/** undici's errors carry sockets and raw bytes of the answer; only their words and code go on. */
export function plainCause(code: string, text: string): Error {
  return Object.assign(new Error(text), code === '' ? {} : { code });
}
