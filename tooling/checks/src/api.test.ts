import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { apiFile, apiOf } from "./api.ts";
import { packages, root } from "./workspace.ts";

const advice = "the public API changed: run `pnpm api`, read the difference, add a changeset";

for (const each of packages) {
  test(`the public API of @gen/${each.name} is the one in api/${each.name}.api.txt`, () => {
    const file = apiFile(each);
    const committed = existsSync(file) ? readFileSync(file, "utf8") : "";
    expect(apiOf(each), advice).toBe(committed);
  });
}

test("every API snapshot belongs to a package", () => {
  const names = packages.map(({ name }) => `${name}.api.txt`);
  expect(readdirSync(new URL("api/", root))).toEqual(names);
});
