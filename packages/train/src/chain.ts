import type { Grouped, Transform } from "./transform.ts";

/** Joins gradient transformations: each works on what the one before it gives. */
export function chain(...transforms: Transform[]): Transform {
  return (layout) => {
    const links = transforms.map((transform) => transform(layout));
    return {
      state: links.flatMap((link) => link.state),
      constants: links.flatMap((link) => link.constants),
      numbers: (step) => links.flatMap((link) => link.numbers(step)),
      update(updates, { parameters, state, constants, numbers }) {
        const next: Grouped[] = [];
        const at = { state: 0, constants: 0, numbers: 0 };
        for (const link of links) {
          const result = link.update(updates, {
            parameters,
            state: state.slice(at.state, (at.state += link.state.length)),
            constants: constants.slice(at.constants, (at.constants += link.constants.length)),
            numbers: numbers.slice(at.numbers, (at.numbers += link.numbers(0).length)),
          });
          updates = result.updates;
          next.push(...result.state);
        }
        return { updates, state: next };
      },
    };
  };
}
