/**
 * The form in which names are searched: lower case, with the four i's of
 * Turkish as one, so that IŞIK, ışık and isik's i meet whatever keyboard wrote
 * them.
 */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll('\u0307', '').replaceAll('ı', 'i').normalize('NFC');
}
