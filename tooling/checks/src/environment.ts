/** The environment for a nested npm: without what the npm or npx that runs this process tells its own child. */
export const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:npm_(?:package|lifecycle)|npm_config_(?:local_prefix|package|call)$|INIT_CWD$|NODE_(?:ENV|OPTIONS|PATH)$)/.test(
        name,
      ),
  ),
);
