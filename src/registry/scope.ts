/** What a token is good for (distribution "Token Scope Documentation"): actions in one repository, or, for a mount, in two. */

export interface Scope {
  repository: string;
  actions: readonly ('pull' | 'push' | 'delete')[];
}

/** For reading. */
export function pulling(repository: string): Scope[] {
  return [{ repository, actions: ['pull'] }];
}

/** For writing; a push looks at what is there already. @param from the repository that a blob is mounted from */
export function pushing(repository: string, from?: string): Scope[] {
  const scope: Scope = { repository, actions: ['pull', 'push'] };
  return from === undefined || from === repository ? [scope] : [scope, ...pulling(from)];
}

/** `repository:team/app:pull,push` */
function scopeText({ repository, actions }: Scope): string {
  return `repository:${repository}:${[...new Set(actions)].sort().join(',')}`;
}

/** In one order, whatever theirs was: equal sets have equal texts. */
export function scopeTexts(scopes: readonly Scope[]): string[] {
  return [...new Set(scopes.map(scopeText))].sort();
}
