export async function writeBundle(_image: string, directory: string, _options: object = {}): Promise<{ directory: string }> {
  return { directory };
}
