/** docker's daemon.json: what it says of registries (dockerd(8), registry-mirrors and insecure-registries). Pure. */
import { parseJson, property } from '../body.js';
import { locationFault } from './location.js';
import type { DaemonSettings, Mirror } from './settings.js';
import { fault } from './text.js';

/** @throws ERR_TSRUN_CONFIG_INVALID */
export function parseDaemonJson(text: string, file: string): DaemonSettings {
  const json = text.trim() === '' ? {} : parseJson(Buffer.from(text));
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw fault(file, json === undefined ? brokenLine(text) : undefined, 'it is not a JSON object');
  }
  const insecure = listOf(json, 'insecure-registries', file).map((entry) => entry.replace(/^https?:\/\//i, '').replace(/\/+$/, ''));
  return { file, insecure, mirrors: listOf(json, 'registry-mirrors', file).map((entry) => mirrorOf(entry, file)) };
}

function listOf(json: object, key: string, file: string): string[] {
  const value = property(json, key) ?? [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw fault(file, undefined, `${key} is not a list of strings`);
  return value;
}

/** A URL, as docker wants it: without path, query and login. */
function mirrorOf(entry: string, file: string): Mirror {
  const url = URL.canParse(entry) ? new URL(entry) : undefined;
  const isPlain =
    url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search + url.hash + url.username === '';
  if (!isPlain || url.password !== '') throw fault(file, undefined, 'registry-mirrors has an entry that is not https://HOST[:PORT]');
  // A port is what makes a host of a word without dots
  const host = url.host.includes('.') || url.port !== '' || url.hostname === 'localhost' ? url.host : `${url.host}:${defaultPort(url)}`;
  const why = locationFault(host);
  if (why !== undefined) throw fault(file, undefined, `registry-mirrors has an entry that is ${why}`);
  const withPort = url.protocol === 'http:' && url.port === '' ? `${url.hostname}:80` : host;
  return { location: withPort, insecure: url.protocol === 'http:', use: 'all' };
}

function defaultPort({ protocol }: URL): number {
  return protocol === 'http:' ? 80 : 443;
}

/** Where the parser of this Node says so; its words quote the file and go no further. */
function brokenLine(text: string): number | undefined {
  try {
    JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  }
  return undefined;
}
