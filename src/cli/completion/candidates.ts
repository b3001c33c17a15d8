/** A place on the command line → what may stand there. What the store holds is looked up only where it is asked for. */
import { constants } from 'node:os';
import { CAPABILITIES, type GlimpsedContainer } from '../../index.js';
import { ARCHIVE } from '../archive.js';
import type { Completed, Flag } from '../flags/flag.js';
import { shownName } from '../shown-name.js';
import { namesOf, VERBS } from '../verbs.js';
import type { Place } from './place.js';

export interface Candidate {
  /** The whole word; one that ends with `=` or `:` is not finished. */
  word: string;
  about?: string;
}

export interface Answer {
  candidates: Candidate[];
  /** Paths of the host as well, behind what stands before them in the word. */
  paths?: { kind: 'files' | 'directories'; before: string };
}

/** What is looked up, by its beginning. */
export interface Store {
  containers(beginning: string): GlimpsedContainer[];
  images(): Promise<string[]>;
  volumes(): string[];
}

/**
 * Names that no shell acts on and no terminal interprets: what else is in the store is not offered.
 * (A name is checked when it is given, but who can write to the store need not have been us.)
 */
const HARMLESS = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$/;

export async function candidatesFor(place: Place, current: string, store: Store): Promise<Answer> {
  const { candidates, ...rest } = await offered(place, current, store);
  const seen = new Set<string>();
  return { candidates: candidates.filter(({ word }) => word.startsWith(current) && !seen.has(word) && seen.add(word)), ...rest };
}

async function offered(place: Place, current: string, store: Store): Promise<Answer> {
  switch (place.what) {
    case 'verb':
      return { candidates: verbs(place.behind) };
    case 'flag':
      return { candidates: flags(place.verb.flags, place.given, current) };
    case 'value': {
      const { flag, before, text } = place;
      const values = flag.type === 'boolean' ? ['true', 'false'] : (flag.values ?? flag.complete ?? 'nothing');
      const { candidates, paths } = await complete(values, text, store);
      return {
        candidates: candidates.map(({ word, ...about }) => ({ word: before + word, ...about })),
        ...(paths === undefined ? {} : { paths: { ...paths, before: before + paths.before } }),
      };
    }
    case 'argument': {
      if (place.complete === 'verb') return { candidates: place.others.length > 1 ? [] : verbs(place.others[0] ?? '') };
      const { candidates, ...paths } = await complete(place.complete ?? 'nothing', current, store);
      return { candidates: candidates.filter(({ word }) => !place.others.includes(word)), ...paths };
    }
    case 'nothing':
      return { candidates: [] };
  }
}

/** The first words of all verbs' names, or the second ones of a topic's. */
function verbs(topic: string): Candidate[] {
  const beginning = topic === '' ? '' : `${topic} `;
  const named = VERBS.flatMap((verb) => namesOf(verb).map((name) => ({ name, summary: verb.summary })));
  return named
    .filter(({ name }) => name.startsWith(beginning))
    .map(({ name, summary }) => {
      const [word = '', more] = name.slice(beginning.length).split(' ');
      const others = named.flatMap((each) => (each.name.startsWith(`${word} `) ? [each.name.slice(word.length + 1)] : []));
      return { word, about: more === undefined ? summary : others.join(', ') };
    });
}

/** Not again what counts once. A bundle of letters is finished as it is. */
function flags(all: Readonly<Record<string, Flag>>, given: ReadonlySet<string>, current: string): Candidate[] {
  const open = Object.entries(all).filter(([name, flag]) => flag.type === 'strings' || !given.has(name));
  const long = open.map(([name, { help }]) => ({ word: `--${name}`, about: help }));
  if (current.startsWith('--')) return long;
  const letters = Object.values(all).flatMap(({ char }) => char ?? []);
  if (current.length > 2) return [...current.slice(1)].every((letter) => letters.includes(letter)) ? [{ word: current }] : [];
  return [...long, ...open.flatMap(([, { char, help }]) => (char === undefined ? [] : [{ word: `-${char}`, about: help }]))];
}

async function complete(what: Completed, text: string, store: Store): Promise<Answer> {
  if (typeof what !== 'string') return { candidates: what.map((word) => ({ word })) };
  switch (what) {
    case 'container':
    case 'up':
    case 'paused':
    case 'quiet':
      return { candidates: containers(store, text, STATES[what]) };
    case 'image':
      return images(store, text);
    case 'object': {
      const { candidates, ...paths } = await images(store, text);
      return { candidates: [...containers(store, text), ...candidates], ...paths };
    }
    case 'volume':
      return { candidates: volumes(store) };
    case 'bind':
      if (/^[./~]/.test(text)) return { candidates: [], paths: { kind: 'files', before: '' } };
      return { candidates: volumes(store).map(({ word }) => ({ word: `${word}:`, about: 'volume' })) };
    case 'network':
      return space(store, text, ['none', 'host', 'pasta', 'slirp4netns']);
    case 'space':
      return space(store, text, ['private', 'host']);
    case 'ipc':
      return space(store, text, ['private', 'shareable', 'none', 'host']);
    case 'signal':
      return { candidates: SIGNALS.map((name) => ({ word: text.startsWith('SIG') ? name : name.slice(3) })) };
    case 'capability':
      return { candidates: capabilities(text).map((word) => ({ word })) };
    case 'file':
      return { candidates: [], paths: { kind: 'files', before: '' } };
    case 'directory':
      return { candidates: [], paths: { kind: 'directories', before: '' } };
    case 'verb':
    case 'nothing':
      return { candidates: [] };
  }
}

/** As it was begun: with CAP_ in front or without, in small letters or in capitals. */
function capabilities(text: string): string[] {
  const names = ['ALL', ...CAPABILITIES.map((name) => (/^cap_/i.test(text) ? name : name.slice('CAP_'.length)))];
  return /^[a-z]/.test(text) ? names.map((name) => name.toLowerCase()) : names;
}

const SIGNALS = Object.keys(constants.signals);

const STATES: Readonly<Record<'container' | 'up' | 'paused' | 'quiet', RegExp>> = {
  container: /^/,
  up: /^(running|paused|restarting)$/,
  paused: /^paused$/,
  quiet: /^(created|stopped)$/,
};

/** Names; ids once one is begun. */
function containers(store: Store, text: string, states = STATES.container): Candidate[] {
  return store
    .containers(text)
    .filter(({ status }) => states.test(status))
    .flatMap(({ id, name, image, status }) => {
      const about = `${HARMLESS.test(image) ? `${shownName(image)}, ` : ''}${status}`;
      const short = id.slice(0, Math.max(12, text.length));
      return [{ word: name, about }, ...(text === '' ? [] : [{ word: short, about: `${name}, ${status}` }])];
    })
    .filter(({ word, about }) => HARMLESS.test(word) && HARMLESS.test(about.split(',')[0] ?? ''));
}

/** As short as docker shows them, unless the beginning is spelled out. */
async function images(store: Store, text: string): Promise<Answer> {
  const archive = ARCHIVE.exec(text)?.[0];
  if (archive !== undefined) return { candidates: [], paths: { kind: 'files', before: archive } };
  const names = (await store.images()).filter((name) => HARMLESS.test(name));
  const words = names.map((name) => (shownName(name).startsWith(text) ? shownName(name) : name));
  return { candidates: words.map((word) => ({ word })) };
}

function volumes(store: Store): Candidate[] {
  return store
    .volumes()
    .filter((word) => HARMLESS.test(word))
    .map((word) => ({ word }));
}

/** Whose namespace: a word for it, that of a container that runs, that of a file. */
function space(store: Store, text: string, words: readonly string[]): Answer {
  const [, kind = '', behind = ''] = /^(container:|ns:)(.*)$/s.exec(text) ?? [];
  if (kind === 'ns:') return { candidates: [], paths: { kind: 'files', before: kind } };
  if (kind === '') return { candidates: [...words, 'container:', 'ns:'].map((word) => ({ word })) };
  const running = containers(store, behind, STATES.up);
  return { candidates: running.map(({ word, ...about }) => ({ word: kind + word, ...about })) };
}
