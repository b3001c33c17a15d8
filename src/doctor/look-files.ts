/** Programs and their rights, as their files have them. */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { helperPath } from '../runtime/locate.js';
import type { IdFacts } from '../security/idmap-form.js';
import { getxattr } from '../sys/files.js';
import type { DoctorFacts, Mapper } from './facts.js';

/** Through all links: a security module sees the file itself. @throws ERR_TSRUN_HELPER_MISSING */
export function findHelper(): DoctorFacts['helper'] {
  const path = realpathSync(helperPath());
  return { path, isRoots: isRoots(path) };
}

/** It, and the directories above it. */
function isRoots(path: string): boolean {
  const stat = statSync(path);
  const mayOthers = (stat.mode & 0o022) !== 0 && (stat.mode & 0o1000) === 0;
  return stat.uid === 0 && !mayOthers && (path === '/' || isRoots(dirname(path)));
}

export function findMappersOf({ newuidmapPath, newgidmapPath }: IdFacts): DoctorFacts['mappers'] {
  return {
    ...(newuidmapPath === undefined ? {} : { newuidmap: mapperOf(newuidmapPath) }),
    ...(newgidmapPath === undefined ? {} : { newgidmap: mapperOf(newgidmapPath) }),
  };
}

function mapperOf(path: string): Mapper {
  if (isSetuid(statSync(path))) return { path, right: 'setuid' };
  return hasCapability(path) ? { path, right: 'file capability' } : { path };
}

function isSetuid({ mode, uid }: Stats): boolean {
  return uid === 0 && (mode & 0o4000) !== 0;
}

/** capabilities(7), "File capabilities". */
function hasCapability(path: string): boolean {
  try {
    return getxattr(path, 'security.capability').length > 0;
  } catch {
    return false;
  }
}
