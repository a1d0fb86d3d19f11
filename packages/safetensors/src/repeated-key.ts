/**
 * The first key that an object in `json` holds twice, which `JSON.parse` would pass over in silence; undefined where
 * there is none.
 *
 * @param json valid JSON
 */
export function repeatedKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // the keys of each open object; undefined for an array
  let keyNext = false;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === "{" || c === "[") {
      open.push(c === "{" ? new Set() : undefined);
      keyNext = c === "{";
    } else if (c === "}" || c === "]") {
      open.pop();
    } else if (c === ",") {
      keyNext = open.at(-1) !== undefined;
    } else if (c === '"') {
      const start = i;
      for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
      if (!keyNext) continue;
      const key = JSON.parse(json.slice(start, i + 1)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
      keyNext = false;
    }
  }
  return undefined;
}
