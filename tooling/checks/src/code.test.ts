import { expect, test } from "vitest";
import { importsOf, packageOf, withoutComments, withoutText } from "./code.ts";

test("comments go, and what looks like one inside a string stays", () => {
  const source = 'const a = "http://x"; // y\n/* "b" */const c = `/* ${a} */`;';
  expect(withoutComments(source)).toBe('const a = "http://x"; \nconst c = `/* ${a} */`;');
  expect(withoutText(source)).toBe('const a = ""; \nconst c = "";');
});

test("imports of every form are found, and those in comments are not", () => {
  const source = `
    import a from "a";
    import { b,
      type C } from '@s/b/deep';
    import "side-effect";
    export * from "./local.ts";
    // import x from "commented";
    const lazy = () => import("lazy");
    const native = createRequire(import.meta.url)("required/deep");
    type T = import("typed").T;`;
  expect(importsOf(source)).toEqual(
    ["./local.ts", "@s/b/deep", "a", "lazy", "required/deep", "side-effect", "typed"].toSorted(),
  );
  expect(importsOf(source).map(packageOf)).toContain("@s/b");
  expect(packageOf("./local.ts")).toBeUndefined();
});
