// A module hook: resolves every `@gen/*` package to its TypeScript sources, as `--conditions=@gen/source` would.
export function resolve(specifier, context, next) {
  return next(specifier, { ...context, conditions: [...context.conditions, "@gen/source"] });
}
