/** Every archive that has nothing hostile in it. */
import { type Case, CORPUS } from './corpus.js';
import { ATTRIBUTES } from './corpus-attributes.js';
import { ENTRIES } from './corpus-entries.js';
import { SPARSE } from './corpus-sparse.js';

export const WHOLE: readonly Case[] = [...CORPUS, ...ENTRIES, ...ATTRIBUTES, ...SPARSE];
