/** One HTTP exchange over undici, which is loaded here alone and only when the first request is sent. */
import type { Dispatcher } from 'undici';
import type { CertificatesFor, HostCertificates } from './config/certificates.js';
import { codeOf } from './failure.js';
import type { HttpRequest, HttpResponse, Send, Tuning } from './http.js';
import { lookUpHost } from './loopback.js';
import { type ProxySetting, proxyFor } from './proxy.js';
import { trustedContext } from './trust.js';

export interface TransportOptions {
  env: NodeJS.ProcessEnv;
  /** false: certificates are not checked */
  verify: boolean;
  /** of the hosts that have some of their own */
  certificates: CertificatesFor;
  userAgent: string;
  signal: AbortSignal;
  tuning: Tuning;
  /** is told what must never be shown before it is used */
  keepSecret: (secret: string) => void;
}

export interface Transport {
  send: Send;
  close(): Promise<void>;
}

type Undici = typeof import('./dispatchers.js');

/** Sends exactly what it is asked, once: no redirect, no retry, no cookie, no decompression. Rejects with undici's or Node's own error. */
export function createTransport(options: TransportOptions): Transport {
  const dispatchers = new Map<string, Dispatcher>();
  let undici: Promise<Undici> | undefined;
  let general: ReturnType<typeof secureContextOf> | undefined;
  /** What all hosts trust that have nothing of their own, and proxies. */
  const generalTls = () => {
    general ??= secureContextOf(options.env);
    return general;
  };

  async function dispatcherFor(url: URL): Promise<Dispatcher> {
    const proxy = proxyFor(url, options.env);
    for (const secret of proxy?.secrets ?? []) options.keepSecret(secret);
    const certificates = url.protocol === 'https:' ? options.certificates(url) : undefined;
    const key = `${url.protocol}${proxy?.uri ?? ''}${certificates === undefined ? '' : ` ${url.host}`}`;
    undici ??= import('./dispatchers.js');
    const loaded = await undici;
    const made = dispatchers.get(key) ?? open(loaded, url, proxy, certificates);
    dispatchers.set(key, made);
    return made;
  }

  function open(
    { Agent, ProxyAgent, Pool, connect: connectMethod }: Undici,
    url: URL,
    proxy: ProxySetting | undefined,
    certificates: HostCertificates | undefined,
  ): Dispatcher {
    const { connect: timeout } = options.tuning;
    const own = certificates === undefined ? generalTls : () => secureContextOf(options.env, certificates);
    const connect = { timeout, ...(url.protocol === 'https:' ? { ...own(), rejectUnauthorized: options.verify } : {}) };
    if (!proxy) return new Agent({ connect: { ...connect, lookup: lookUpHost } });
    return new ProxyAgent({
      uri: proxy.uri,
      ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
      // ProxyAgent calls the method that only undici's index attaches
      clientFactory: (origin, settings) => Object.assign(new Pool(origin, settings), { connect: once(connectMethod) }),
      // CONNECT is for TLS; many proxies refuse it for port 80
      proxyTunnel: url.protocol === 'https:',
      requestTls: connect as object,
      // the proxy's own certificate is not what --tls-verify=false is about, nor is it shown the registry's client certificate
      proxyTls: { timeout, ...(proxy.uri.startsWith('https:') ? generalTls() : {}), rejectUnauthorized: true } as object,
    });
  }

  async function send(request: HttpRequest): Promise<HttpResponse> {
    options.signal.throwIfAborted();
    const dispatcher = await dispatcherFor(request.url);
    const loaded = await (undici as Promise<Undici>);
    options.signal.throwIfAborted();
    const watch = watchAnswer(options.signal, options.tuning);
    const { headers: timeout } = options.tuning;
    try {
      const answer = await loaded.request.call(dispatcher, {
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: request.method,
        headers: { 'user-agent': options.userAgent, 'accept-encoding': 'identity', ...request.headers },
        ...(request.body === undefined ? {} : { body: watch.sent(request.body) }),
        signal: watch.signal,
        // undici's own clock runs while a long body goes out
        headersTimeout: typeof request.body === 'function' ? 0 : timeout,
        bodyTimeout: options.tuning.stall,
      });
      watch.headersCame();
      // A destroyed body emits an error even when nobody reads it any more.
      answer.body.on('error', () => {}).once('close', watch.release);
      return { status: answer.statusCode, url: request.url, headers: answer.headers, body: answer.body };
    } catch (error) {
      watch.release();
      throw error;
    }
  }

  return {
    send,
    close: async () => {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
      dispatchers.clear();
    },
  };
}

/** undici takes a proxy that hangs up for a connection to open anew, at once and without end; an error of another kind it passes on. */
function once(connect: Undici['connect']): Undici['connect'] {
  return async function (this, options) {
    try {
      return await connect.call(this, options);
    } catch (error) {
      if (codeOf(error) !== 'UND_ERR_SOCKET') throw error;
      throw Object.assign(new Error('the proxy closed the connection'), { code: 'ECONNRESET' });
    }
  };
}

function secureContextOf(env: NodeJS.ProcessEnv, host?: HostCertificates) {
  const secureContext = trustedContext(env, host);
  return secureContext === undefined ? {} : { secureContext };
}

/** What is taken of a body at once: the clock of a stall begins anew with each. Bytes. */
const PIECE = 64 * 1024;

/** undici restarts its own clock with every byte of the headers; this one ends a header that trickles in, and an upload that is not taken. */
function watchAnswer(outer: AbortSignal, { headers, stall, digesting }: Tuning) {
  const controller = new AbortController();
  const stop = () => controller.abort(outer.reason);
  outer.addEventListener('abort', stop, { once: true });
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const rest = () => clearTimeout(timer);
  const within = (ms: number, what: string, code = 'UND_ERR_HEADERS_TIMEOUT') => {
    rest();
    if (!isOver) timer = setTimeout(() => controller.abort(new TooSlow(code, `${what} within ${ms / 1000} s`)), ms);
  };
  within(headers, 'no answer');

  /** Only the peer is timed: the source has a clock of its own. */
  async function* timed(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    rest();
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        within(stall, 'nothing was taken', 'UND_ERR_BODY_TIMEOUT');
        yield chunk.subarray(at, at + PIECE);
        rest();
      }
    }
    within(digesting, 'no answer');
  }

  const headersCame = () => {
    isOver = true;
    rest();
  };
  const release = () => {
    headersCame();
    outer.removeEventListener('abort', stop);
  };
  const sent = (body: NonNullable<HttpRequest['body']>) => (typeof body === 'function' ? (timed(body()) as never) : body);
  return { signal: controller.signal, sent, headersCame, release };
}

class TooSlow extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
