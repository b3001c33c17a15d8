/** `--network`: what was asked for, before it is known what the host has. Pure. */
import { TsrunError } from '../errors.js';

export type NetworkMode =
  | { type: 'default' }
  | { type: 'none' }
  | { type: 'host' }
  | { type: 'pasta' | 'slirp4netns'; options: readonly string[] }
  | { type: 'container'; name: string }
  | { type: 'namespace'; path: string };

/** docker's words for the network that one gets without asking. */
const DEFAULTS = new Set(['', 'default', 'bridge', 'private']);

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function parseNetworkMode(text = 'default'): NetworkMode {
  const [word = '', rest] = split(text);
  if (DEFAULTS.has(text)) return { type: 'default' };
  if (text === 'none' || text === 'host') return { type: text };
  if (word === 'pasta' || word === 'slirp4netns') return { type: word, options: (rest ?? '').split(',').filter((option) => option !== '') };
  if (word === 'container' && rest) return { type: 'container', name: rest };
  if (word === 'ns' && rest?.startsWith('/')) return { type: 'namespace', path: rest };
  if (word === 'ns' || word === 'container') throw unknown(text);
  if (DEFAULTS.has(word) || rest !== undefined) throw unknown(text);
  throw new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `there is no network ${JSON.stringify(text)}: networks between containers are not supported yet`,
    {
      subject: text,
      hint: 'use none, host, pasta, slirp4netns, container:NAME or ns:PATH; container:NAME lets two containers share one network',
    },
  );
}

function split(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

function unknown(text: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a network`, {
    subject: text,
    hint: 'use none, host, pasta[:OPTION,…], slirp4netns[:OPTION,…], container:NAME or ns:/PATH',
  });
}
