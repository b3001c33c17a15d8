/** Verbs with several arguments do what they can and report each failure. */

/** Calls `act` for one argument after the other; resolves with the results of those that succeeded. */
export async function each<T>(args: readonly string[], act: (arg: string) => Promise<T>, fail: (error: unknown) => void): Promise<T[]> {
  const results: T[] = [];
  for (const arg of args) {
    try {
      results.push(await act(arg));
    } catch (error) {
      fail(error);
    }
  }
  return results;
}
